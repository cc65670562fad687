import { type Scene } from '../scene';

/** A snowy range behind a wooded valley. One unit is a kilometre. */
export const mountain: Scene = {
  id: 'mountain',
  title: 'Snow on the mountains',
  seconds: 6,
  bake: /* glsl */ `
float ridges(vec2 p) {
  float sum = 0.0, amplitude = 0.55, weight = 1.0;
  for (int i = 0; i < 9; i++) {
    float n = 1.0 - abs(2.0 * noiseD(p).x - 1.0);
    n *= n;
    sum += amplitude * n * weight;
    weight = clamp(n * 1.9, 0.15, 1.0);
    amplitude *= 0.49;
    p = TURN * p * 2.02 + 31.7;
  }
  return sum;
}
vec4 bake(vec2 p) {
  vec2 q = vec2((p.x - 0.5) * 20.0, p.y * 20.0);
  vec2 warped = q + 0.8 * (vec2(fbm(q * 0.5, 4), fbm(q * 0.5 + 40.0, 4)) - 0.5);
  float range = smoothstep(3.0, 9.5, q.y + 0.35 * abs(q.x));
  float peak = exp(-dot((q - vec2(0.9, 10.0)) * vec2(0.42, 0.36), (q - vec2(0.9, 10.0)) * vec2(0.42, 0.36)));
  float shoulder = exp(-dot((q - vec2(-4.2, 11.5)) * vec2(0.36, 0.4), (q - vec2(-4.2, 11.5)) * vec2(0.36, 0.4)));
  float h = range * (0.20 + 1.55 * ridges(warped * 0.27 + 3.0)) + 1.75 * peak + 1.1 * shoulder;
  h += 0.35 * (peak + shoulder) * (ridges(warped * 0.8 + 8.0) - 0.4);
  h += 0.22 * fbm(q * 0.55, 5) + 0.06 * ridges(q * 1.4) * range;
  return vec4(h, 0.0, 0.0, 1.0);
}
`,
  glsl: /* glsl */ `
const vec3 SUN = normalize(vec3(-0.75, 0.46, -0.25));

float ground(vec2 q) { return texture(uBake, vec2(q.x / 20.0 + 0.5, q.y / 20.0)).r; }

/** Conifers as cones on a jittered lattice: their height above the ground at q. */
float trees(vec2 q, float h) {
  vec2 cell = q * 34.0;
  vec2 id = floor(cell);
  vec2 o = fract(cell) - 0.5 - 0.5 * (rand2(id) - 0.5);
  float stand = smoothstep(0.44, 0.60, fbm(q * 1.6 + 5.0, 4) + 0.22 * smoothstep(0.65, 0.15, h));
  float size = (0.6 + 0.6 * rand(id + 77.0)) * step(rand(id + 31.0), stand) * smoothstep(0.82, 0.42, h);
  return 0.034 * size * max(1.0 - 2.1 * length(o), 0.0);
}

vec3 scene(vec2 p, float t) {
  vec3 from = vec3(-0.5 + 0.07 * t, 1.20, 3.1 + 0.03 * t);
  vec3 rd = lookAt(p, from, vec3(0.35 + 0.02 * t, 1.95, 9.0), 2.2);
  vec3 sky = blueSky(rd, SUN) * vec3(0.85, 0.93, 1.02);
  vec2 cloud = cloudDeck(rd, SUN, vec2(0.7 + 0.012 * t, 1.9), 0.56);
  vec3 c = mix(sky, mix(vec3(0.66, 0.72, 0.80), vec3(1.12), cloud.y), cloud.x * 0.8);

  float d = 0.4, hit = -1.0, wood = 0.0;
  for (int i = 0; i < 150; i++) {
    vec3 q = from + rd * d;
    if (q.z > 19.5 || q.y > 4.2) break;
    float h = ground(q.xz);
    float gap = q.y - h;
    wood = 0.0;
    if (gap < 0.05 && h < 1.05 && d < 9.0) {
      wood = trees(q.xz, h);
      gap -= wood;
    }
    if (gap < 0.0006 * d) { hit = d; break; }
    d += max(gap * (gap < 0.05 ? 0.45 : 0.55), 0.0012 * d);
  }
  if (hit > 0.0) {
    vec3 q = from + rd * hit;
    float e = 0.012 + 0.0012 * hit;
    float h = ground(q.xz);
    vec2 g = vec2(ground(q.xz + vec2(e, 0.0)) - ground(q.xz - vec2(e, 0.0)),
                  ground(q.xz + vec2(0.0, e)) - ground(q.xz - vec2(0.0, e))) / (2.0 * e);
    vec2 fine = noiseD(q.xz * 38.0).yz + 0.6 * noiseD(q.xz * 87.0).yz;
    vec3 n = normalize(vec3(-g.x - 0.10 * fine.x, 1.0, -g.y - 0.10 * fine.y));

    float shadow = 1.0;
    for (float s = 0.05; s < 5.0; s *= 1.22) {
      vec3 o = q + SUN * s;
      shadow = min(shadow, 0.5 + 5.0 * (o.y - ground(o.xz)) / s);
    }
    shadow = smoothstep(0.0, 1.0, shadow);
    float sunlight = sat(dot(n, SUN)) * shadow;

    float strata = fbm(vec2(q.x * 2.0 + q.z, q.y * 14.0), 4);
    vec3 rock = mix(vec3(0.10, 0.095, 0.095), vec3(0.24, 0.21, 0.19), strata);
    float snowLine = 0.25 + 0.35 * fbm(q.xz * 1.7, 4);
    float snow = smoothstep(snowLine, snowLine + 0.30, q.y) * smoothstep(0.50, 0.66, n.y + 0.22 * (fbm(q.xz * 9.0, 4) - 0.4));
    vec3 albedo = mix(rock, vec3(0.90, 0.92, 0.96), snow);
    vec3 meadow = mix(vec3(0.10, 0.115, 0.045), vec3(0.20, 0.18, 0.10), fbm(q.xz * 6.0, 4));
    albedo = mix(albedo, meadow, (1.0 - snow) * smoothstep(1.0, 0.6, q.y) * smoothstep(0.6, 0.8, n.y));
    if (wood > 0.0006) {
      float tip = smoothstep(0.0, 0.03, wood);
      albedo = mix(vec3(0.018, 0.032, 0.018), vec3(0.055, 0.085, 0.040), tip) * (0.7 + 0.6 * rand(q.xz * 34.0 + 9.0));
      albedo = mix(albedo, vec3(0.75, 0.80, 0.88), 0.65 * tip * smoothstep(0.35, 0.80, h));
      sunlight = shadow * (0.25 + 0.55 * tip);
    }
    vec3 light = vec3(1.25, 1.14, 0.98) * 1.15 * sunlight + vec3(0.20, 0.29, 0.44) * (0.55 + 0.45 * n.y);
    vec3 lit = albedo * light;
    float haze = 1.0 - exp(-pow(hit * 0.045, 1.7));
    haze += 0.12 * exp(-max(q.y - 0.2, 0.0) * 3.0) * smoothstep(2.0, 8.0, hit);
    c = mix(lit, vec3(0.50, 0.64, 0.82), sat(haze));
  }
  return c;
}
`,
};
