import { type Scene } from '../scene';

/** A sandy bay on a fair day: swash running up wet sand, two lines of breakers, a green headland. */
export const beach: Scene = {
  id: 'beach',
  title: 'A sandy beach with waves and a blue sky',
  seconds: 6,
  glsl: /* glsl */ `
const vec3 SUN = normalize(vec3(-0.55, 0.62, 0.35));

/** The waterline: close by it runs straight away, far off the bay bends left. */
float shoreX(float z) { return 0.2 - 0.0035 * z * z * step(0.0, z) + 0.5 * sin(z * 0.21); }

/** How far the last wave has run up the sand. */
float swash(float z, float t) {
  return 0.55 * sin(0.85 * t + 2.2 * noise(vec2(z * 0.12, 3.0))) + 0.9 * (noise(vec2(z * 0.45, 0.25 * t)) - 0.5);
}

float web(vec2 p) {
  float a = abs(2.0 * noise(p) - 1.0), b = abs(2.0 * noise(p * 2.3 + 7.0) - 1.0);
  return 1.0 - min(a, b * 0.8 + 0.1);
}

float sandHeight(vec2 p, float far) {
  float h = 0.17 * fbm(p * 0.6, 3) + 0.050 * noise(p * 3.4) * (1.0 - 0.7 * far);
  return h + (0.026 * noise(p * 9.0) + 0.013 * noise(p * 26.0)) * (1.0 - far);
}

vec3 skyAt(vec3 rd, float t) {
  vec3 c = blueSky(rd, SUN);
  vec2 cloud = cloudDeck(rd, SUN, vec2(2.6 + 0.010 * t, 4.1), 0.47);
  return mix(c, mix(vec3(0.58, 0.64, 0.72), vec3(1.12, 1.08, 1.02), cloud.y), cloud.x * 0.92);
}

vec3 waterAt(vec2 p, vec3 rd, float dist, float d, float t) {
  float far = sat(dist / 60.0);
  float e = 0.02 + 0.004 * dist;
  vec2 q = vec2(p.x * 1.3 + 0.6 * t, p.y * 0.7);
  vec2 g = vec2(fbm(q + vec2(e, 0.0), 4) - fbm(q - vec2(e, 0.0), 4),
                fbm(q + vec2(0.0, e), 4) - fbm(q - vec2(0.0, e), 4)) / (2.0 * e);
  float swell = d * 0.42 + 0.75 * t + 2.6 * noise(vec2(p.y * 0.06, 0.05 * t)) + 0.8 * noise(p * 0.4);
  float crest = pow(0.5 + 0.5 * sin(swell), 7.0);
  float face = pow(0.5 + 0.5 * sin(swell + 0.9), 4.0);
  float inshore = smoothstep(1.5, 5.0, d) * (1.0 - smoothstep(16.0, 34.0, d));
  vec3 n = normalize(vec3(-0.50 * g.x * (1.0 - 0.85 * far) - 0.25 * face * inshore, 1.0, -0.42 * g.y * (1.0 - 0.85 * far)));
  vec3 r = reflect(rd, n);
  r.y = abs(r.y) + 0.02;
  float fresnel = 0.02 + 0.75 * pow(1.0 - sat(dot(-rd, n)), 4.0);
  vec3 shallow = vec3(0.16, 0.50, 0.47), deep = vec3(0.012, 0.16, 0.27);
  vec3 body = mix(shallow, deep, 1.0 - exp(-0.055 * d));
  body = mix(vec3(0.50, 0.46, 0.34), body, 1.0 - exp(-0.7 * d));
  body *= 1.0 - 0.35 * face * inshore;
  body += 0.10 * vec3(0.2, 0.7, 0.6) * crest * inshore;
  vec3 c = mix(body, blueSky(r, SUN) * 0.9, fresnel * 0.8);
  c += vec3(1.0, 0.9, 0.7) * pow(sat(dot(r, SUN)), 120.0) * 0.6;

  float lace = web(p * vec2(1.6, 1.1) + vec2(0.35 * t, 0.0));
  float grainy = fbm(p * 5.0 + vec2(0.6 * t, 0.0), 4);
  float edge = smoothstep(0.30, 0.08, d) * 0.9 + smoothstep(2.2, 0.1, d) * smoothstep(0.62, 0.90, lace + 0.35 * (grainy - 0.5));
  edge += 0.55 * smoothstep(3.4, 0.8, d) * smoothstep(0.50, 0.68, grainy);
  float broken = crest * inshore * smoothstep(0.26, 0.56, 0.22 * smoothstep(13.0, 5.0, d) + grainy * 0.75 + 0.45 * noise(vec2(p.y * 0.16 + 0.1 * t, floor(swell / 6.2832) * 7.1)));
  float trail = inshore * smoothstep(0.80, 0.97, lace) * 0.5 * smoothstep(0.25, 0.7, 0.5 + 0.5 * sin(swell - 1.2));
  float foam = sat(edge + 1.25 * broken + trail);
  return mix(c, vec3(0.92, 0.95, 0.96) * (0.78 + 0.25 * grainy), foam);
}

vec3 sandAt(vec2 p, vec3 rd, float dist, float d, float t) {
  float far = sat(dist / 28.0);
  float e = 0.012 + 0.003 * dist;
  vec2 g = vec2(sandHeight(p + vec2(e, 0.0), far) - sandHeight(p - vec2(e, 0.0), far),
                sandHeight(p + vec2(0.0, e), far) - sandHeight(p - vec2(0.0, e), far)) / (2.0 * e);
  float wet = 1.0 - smoothstep(0.9, 2.6, -d + 0.6 * noise(vec2(p.y * 0.3, p.x * 0.2)));
  vec3 n = normalize(vec3(-g.x, 1.0, -g.y) * vec3(1.0 - 0.93 * wet, 1.0, 1.0 - 0.93 * wet));
  float light = sat(dot(n, SUN));
  float speck = noise(p * 60.0) * (1.0 - far) + 0.5 * far;
  vec3 dry = mix(vec3(0.66, 0.53, 0.36), vec3(0.76, 0.65, 0.48), fbm(p * 0.5, 3)) * (0.88 + 0.24 * speck);
  vec3 c = dry * (vec3(1.12, 1.02, 0.88) * light + vec3(0.16, 0.20, 0.27));
  vec3 soaked = dry * vec3(0.50, 0.47, 0.45) * (light + 0.25);
  vec3 r = reflect(rd, n);
  r.y = abs(r.y) + 0.03;
  soaked = mix(soaked, skyAt(r, t), 0.04 + 0.75 * pow(1.0 - sat(dot(-rd, n)), 4.0));
  c = mix(c, soaked, wet);
  return c;
}

/** Height above the horizon, as a slope, of the wooded headland in this direction. */
float headland(float azimuth) {
  float rise = smoothstep(-0.30, 0.55, azimuth);
  return rise * (0.060 + 0.075 * fbm(vec2(azimuth * 3.2 + 2.0, 1.0), 3) + 0.012 * fbm(vec2(azimuth * 55.0, 4.0), 3)) - 0.002;
}

vec3 scene(vec2 p, float t) {
  vec3 from = vec3(2.1 + 0.06 * t, 1.45, 0.35 * t);
  vec3 rd = lookAt(p, from, from + vec3(-0.36 + 0.012 * t, -0.10, 1.0), 1.6);
  vec3 c = skyAt(rd, t);
  float azimuth = atan(rd.x, rd.z);
  float ridge = headland(azimuth);
  float slope = rd.y / length(rd.xz);
  if (slope < ridge) {
    vec2 q = vec2(azimuth * 60.0, slope * 130.0);
    float leaf = fbm(q, 4), lit = fbm(q + vec2(-0.5, 0.7), 4);
    vec3 wood = mix(vec3(0.035, 0.075, 0.022), vec3(0.13, 0.19, 0.055), sat(0.5 + 3.0 * (leaf - lit)));
    c = mix(wood, vec3(0.52, 0.66, 0.80), 0.33);
  }
  if (rd.y < -0.004) {
    float dist = -from.y / rd.y;
    vec2 g = from.xz + rd.xz * dist;
    float d = shoreX(g.y) - g.x + swash(g.y, t);
    vec3 ground = d > 0.0 ? waterAt(g, rd, dist, d, t) : sandAt(g, rd, dist, d, t);
    float haze = 1.0 - exp(-dist * 0.0022);
    c = mix(ground, vec3(0.55, 0.70, 0.84), haze * smoothstep(-0.004, -0.02, rd.y) + (1.0 - smoothstep(-0.004, -0.012, rd.y)) * 0.5);
  }
  return c;
}
`,
};
