import { type Scene } from '../scene';

/** The sun going down into the sea under lit clouds, with dark islands either side. */
export const sunset: Scene = {
  id: 'sunset',
  title: 'A sunset over the sea',
  seconds: 6,
  glsl: /* glsl */ `
const vec3 SUN = normalize(vec3(0.10, 0.055, 1.0));

vec3 clearSky(vec3 rd) {
  float up = max(rd.y, 0.0);
  float s = sat(dot(rd, SUN));
  vec3 c = mix(vec3(0.95, 0.36, 0.08), vec3(0.55, 0.24, 0.22), smoothstep(0.0, 0.22, up));
  c = mix(c, vec3(0.13, 0.14, 0.30), smoothstep(0.12, 0.60, up));
  c *= 0.55 + 0.55 * pow(s, 3.0);
  return c + vec3(1.2, 0.52, 0.14) * (0.9 * pow(s, 40.0) + 0.5 * pow(s, 9.0)) + vec3(2.2, 1.3, 0.5) * pow(s, 700.0);
}

vec3 skyAt(vec3 rd, float t) {
  vec3 c = clearSky(rd);
  c += vec3(9.0, 6.0, 2.4) * smoothstep(0.99915, 0.99935, dot(rd, SUN));
  float s = sat(dot(rd, SUN));
  vec2 q = rd.xz / (rd.y + 0.10);
  q = vec2(q.x * 0.55, q.y * 0.85) + vec2(0.02 * t, 0.0);
  q += 0.6 * (vec2(fbm(q * 1.3, 3), fbm(q * 1.3 + 5.0, 3)) - 0.5);
  float d = fbm(q + vec2(3.0, 1.0), 6);
  float below = fbm(q + vec2(3.0, 1.22), 5);
  float cover = smoothstep(0.46, 0.68, d) * smoothstep(0.015, 0.14, rd.y);
  float lit = sat(0.45 + 3.2 * (d - below));
  vec3 shade = mix(vec3(0.13, 0.085, 0.13), vec3(0.30, 0.12, 0.11), pow(s, 3.0));
  vec3 glow = mix(vec3(0.80, 0.30, 0.20), vec3(2.1, 0.85, 0.24), pow(s, 4.0));
  vec3 cloud = mix(shade, glow, lit * (1.0 - 0.55 * smoothstep(0.62, 0.8, d)));
  return mix(c, cloud, cover * 0.92);
}

float waves(vec2 p, float t) {
  float h = 0.0, a = 0.5;
  for (int i = 0; i < 4; i++) {
    float n = noise(p + vec2(0.0, t));
    float m = noise(p * 1.1 - vec2(0.3 * t, 0.6 * t) + 9.0);
    h += a * (1.0 - abs(2.0 * n - 1.0) * 0.8 + m);
    a *= 0.48;
    p = TURN * p * vec2(1.9, 2.2) + 3.1;
    t *= 1.3;
  }
  return h;
}

float island(float azimuth) {
  float left = smoothstep(-0.30, -0.62, azimuth) * (0.030 + 0.085 * fbm(vec2(azimuth * 4.0, 2.0), 4));
  float right = smoothstep(0.50, 0.80, azimuth) * (0.015 + 0.060 * fbm(vec2(azimuth * 5.0, 8.0), 4));
  return max(left, right) + 0.003 * fbm(vec2(azimuth * 90.0, 3.0), 3) * step(0.001, left + right);
}

vec3 scene(vec2 p, float t) {
  vec3 from = vec3(0.25 * t, 2.6, 0.5 * t);
  vec3 rd = lookAt(p, from, from + vec3(0.03 + 0.004 * t, 0.055, 1.0), 1.7);
  float azimuth = atan(rd.x, rd.z);
  vec3 c = skyAt(rd, t);
  float slope = rd.y / length(rd.xz);
  if (rd.y < 0.0) {
    float dist = -from.y / min(rd.y, -0.002);
    vec2 g = (from.xz + rd.xz * dist) * vec2(0.34, 0.55);
    float e = 0.03 + 0.0025 * dist;
    float fade = 1.0 / (1.0 + 0.012 * dist);
    float h = waves(g, 0.8 * t);
    vec2 slopeOf = vec2(waves(g + vec2(e, 0.0), 0.8 * t) - h, waves(g + vec2(0.0, e), 0.8 * t) - h) / e;
    vec3 n = normalize(vec3(-0.085 * slopeOf.x * fade, 1.0, -0.13 * slopeOf.y * fade));
    vec3 r = reflect(rd, n);
    r.y = abs(r.y);
    float fresnel = 0.04 + 0.96 * pow(1.0 - sat(dot(-rd, n)), 5.0);
    vec3 mirrored = skyAt(normalize(r), t);
    float lowIsland = island(atan(r.x, r.z));
    if (r.y / length(r.xz) < lowIsland * 0.8) mirrored = vec3(0.05, 0.025, 0.03);
    vec3 sea = mix(vec3(0.015, 0.022, 0.045), min(mirrored, vec3(6.0)), fresnel);
    sea += vec3(0.05, 0.018, 0.008) * h;
    c = mix(sea, clearSky(normalize(vec3(rd.x, 0.01, rd.z))), 0.75 * smoothstep(120.0, 1300.0, dist));
  } else if (slope < island(azimuth)) {
    float haze = exp(-slope * 45.0);
    c = mix(vec3(0.022, 0.014, 0.020), clearSky(rd) * 0.45, 0.18 + 0.35 * haze);
  }
  return c;
}
`,
};
