import { type Scene } from '../scene';

/** Walking a path through a sunlit wood: upright layers of trunks and leaves, paler with distance. */
export const forest: Scene = {
  id: 'forest',
  title: 'A path through a green forest',
  seconds: 6,
  glsl: /* glsl */ `
const vec3 MIST = vec3(0.56, 0.66, 0.42);

float pathX(float z) { return 0.9 * sin(z * 0.11 + 0.4); }

/** Leaves of one layer: cover, and how much light falls on them. */
vec2 leaves(vec2 q, float salt) {
  vec2 s = q + salt * 13.7;
  float clump = fbm(s * 0.55, 3);
  float fine = fbm(s * 8.5, 4);
  float lit = fbm(s * 8.5 + vec2(0.30, -0.40), 4);
  return vec2(0.52 * clump + 0.48 * fine, sat(0.40 + 3.2 * (fine - lit) + 1.3 * (clump - 0.5)));
}

vec3 groundAt(vec3 q, float dist, float t) {
  float off = abs(q.x - pathX(q.z));
  float edge = off + 0.5 * (fbm(q.xz * 1.3, 3) - 0.5);
  float path = 1.0 - smoothstep(0.55, 1.05, edge);
  float far = sat(dist / 22.0);
  float fine = mix(0.5 * fbm(q.xz * vec2(9.0, 6.0), 4) + 0.5 * fbm(q.xz * vec2(31.0, 24.0), 3), 0.5, far);
  float tuft = mix(noise(q.xz * vec2(30.0, 9.0)), 0.5, far);
  vec3 earth = mix(vec3(0.055, 0.038, 0.024), vec3(0.26, 0.19, 0.12), fine);
  vec3 grass = mix(vec3(0.012, 0.030, 0.007), vec3(0.15, 0.22, 0.045), fine * 0.6 + tuft * 0.5);
  grass = mix(grass, vec3(0.20, 0.12, 0.05), 0.55 * smoothstep(0.52, 0.72, fbm(q.xz * 2.3 + 9.0, 4)));
  float litter = mix(noise(q.xz * vec2(38.0, 26.0)), 0.5, far);
  vec3 c = mix(grass, earth, path);
  c = mix(c, mix(vec3(0.19, 0.095, 0.035), vec3(0.32, 0.22, 0.10), noise(q.xz * 21.0 + 5.0)), 0.7 * smoothstep(0.62, 0.80, litter));
  float dapple = smoothstep(0.46, 0.64, fbm(q.xz * vec2(0.55, 0.38) + vec2(3.0 + 0.02 * t, 1.0), 4));
  return c * mix(vec3(0.33, 0.40, 0.36), vec3(2.3, 2.0, 1.25), dapple);
}

vec3 scene(vec2 p, float t) {
  vec3 from = vec3(pathX(0.0) + 0.05 * sin(t), 1.55 + 0.015 * sin(2.6 * t), 0.42 * t);
  vec3 rd = lookAt(p, from, from + vec3(0.05 + 0.005 * t, 0.06, 1.0), 1.45);
  vec3 sunward = normalize(vec3(0.18, 0.36, 1.0));
  float glow = sat(dot(rd, sunward));

  // Front to back: what each layer lets through is what is left for the ones behind.
  vec3 c = vec3(0.0);
  float left = 1.0;
  float groundDist = rd.y < 0.0 ? -from.y / rd.y : 1e5;
  // Tufts lift the ground a little, so that no trunk ends in a ruled line.
  vec2 foot = from.xz + rd.xz * min(groundDist, 60.0);
  groundDist *= 1.0 - 0.10 * noise(vec2(foot.x * 9.0, foot.y * 2.0)) * smoothstep(0.7, 1.6, abs(foot.x - pathX(foot.y)));
  float z = 3.2;
  for (int i = 0; i < 26; i++) {
    float salt = float(i);
    float dist = (z - from.z) / rd.z;
    if (left < 0.02) break;
    if (dist > groundDist) break;
    vec3 q = from + rd * dist;
    float haze = 1.0 - exp(-pow(dist * 0.026, 1.4));
    vec3 mist = MIST * (0.50 + 1.25 * pow(glow, 5.0));
    float soft = 0.006 * dist;
    float off = abs(q.x - pathX(z));

    // Trunks.
    float cellX = 2.3;
    float id = floor(q.x / cellX);
    vec2 r = rand2(vec2(id, salt * 3.0 + 1.0));
    float bend = 0.12 * (noise(vec2(q.y * 0.35, id * 7.0 + salt)) - 0.5) + (r.y - 0.5) * 0.06 * q.y;
    float centre = (id + 0.28 + 0.44 * r.x) * cellX + bend;
    float radius = (0.09 + 0.17 * r.y * r.y) * (1.0 + 0.7 * exp(-max(q.y, 0.0) * 2.6)) * (1.0 - 0.035 * q.y);
    float stands = step(0.40, rand(vec2(id + 40.0, salt))) * step(1.35, abs((id + 0.28 + 0.44 * r.x) * cellX - pathX(z)));
    float across = (q.x - centre) / radius;
    float trunk = stands * smoothstep(radius + soft, radius - soft, abs(q.x - centre));
    if (trunk > 0.001) {
      vec2 skin = vec2(asin(clamp(across, -1.0, 1.0)) * 5.0 + id * 5.0, q.y * 2.2);
      float bark = 0.6 * fbm(skin * vec2(1.6, 1.0), 5) + 0.7 * abs(noise(skin * vec2(2.6, 1.1) + 0.8 * noise(skin * 2.0)) - 0.5);
      float side = sqrt(max(1.0 - across * across, 0.0));
      vec3 wood = mix(vec3(0.018, 0.014, 0.011), vec3(0.17, 0.135, 0.10), bark) * (0.35 + 0.65 * side);
      wood = mix(wood, vec3(0.055, 0.085, 0.020) * (0.4 + bark), 0.65 * smoothstep(0.45, 0.65, fbm(vec2(q.x * 3.0, q.y * 1.1) + salt, 3)) * smoothstep(3.0, 0.0, q.y));
      wood += vec3(0.34, 0.32, 0.14) * smoothstep(0.45, 0.98, across) * (0.3 + bark) * 0.6;
      c += left * trunk * mix(wood, mist, haze);
      left *= 1.0 - trunk;
    }

    // Leaves: a roof overhead that hangs lower at the sides, and bushes beside the path.
    vec2 leaf = leaves(vec2(q.x + 0.03 * sin(t * 1.3 + q.y), q.y), salt);
    float roof = smoothstep(2.4, 8.5, q.y + 0.42 * min(off, 5.0) - 0.6 + 1.6 * (noise(vec2(q.x * 0.4, salt * 5.0)) - 0.5));
    float bush = smoothstep(0.15, -0.35, q.y - 0.75 * noise(vec2(q.x * 0.9, salt * 2.7)) * smoothstep(0.9, 2.4, off));
    float dense = max(roof * 0.60, bush * smoothstep(0.85, 1.5, off) * 0.62);
    float cover = smoothstep(0.66 - 0.42 * dense - 0.016 - 0.0025 * dist, 0.66 - 0.42 * dense + 0.016 + 0.0025 * dist, leaf.x) * step(0.02, dense);
    if (cover > 0.001) {
      vec3 dark = vec3(0.010, 0.026, 0.006), bright = mix(vec3(0.15, 0.25, 0.035), vec3(0.46, 0.52, 0.08), pow(glow, 4.0));
      vec3 tint = mix(dark, bright, leaf.y * leaf.y);
      c += left * cover * mix(tint, mist, haze);
      left *= 1.0 - cover;
    }
    z += 1.5 + 0.11 * salt;
  }
  float dist = min(groundDist, 90.0);
  vec3 mist = MIST * (0.55 + 1.35 * pow(glow, 5.0));
  vec3 back = mix(mist, vec3(1.05, 1.10, 0.86), 0.6 * pow(glow, 8.0));
  if (groundDist < 90.0) back = mix(groundAt(from + rd * dist, dist, t), mist, 1.0 - exp(-pow(dist * 0.026, 1.4)));
  c += left * back;

  // Shafts of light fan out from the sun's place on the screen.
  vec2 s = p - vec2(0.45, 0.95);
  float angle = atan(s.x, -s.y);
  float shafts = smoothstep(0.45, 0.85, noise(vec2(angle * 9.0 + 0.05 * t, 1.0)) * 0.65 + noise(vec2(angle * 23.0 - 0.04 * t, 5.0)) * 0.35);
  c += vec3(0.30, 0.30, 0.15) * shafts * exp(-0.9 * length(s)) * 0.55;
  return c;
}
`,
};
