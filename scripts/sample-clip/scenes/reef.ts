import { type Scene } from '../scene';
import { CORALS, REEF_ROOM, SEABED } from './reef-corals';
import { SHOAL } from './reef-fish';

/** A coral reef in clear shallow water: heads and branches of coral, light from above, a few fish. */
export const reef: Scene = {
  id: 'reef',
  title: 'Corals and fish under water',
  seconds: 6,
  bake: SEABED,
  volume: { width: 320, height: 64, depth: 264, glsl: REEF_ROOM + CORALS },
  glsl: /* glsl */ `
${REEF_ROOM}
const vec3 SUN = normalize(vec3(0.25, 1.0, 0.30));

float map(vec3 q, float t) {
  q.x += 0.012 * sin(1.3 * t + 3.0 * q.z) * max(q.y - seabed(q.xz), 0.0);
  vec3 p = (q - CORNER) / ROOM;
  float beyond = (q.y - seabed(q.xz)) * 0.7;
  vec3 edge = abs(p - 0.5);
  return max(edge.x, edge.z) > 0.49 || p.y > 0.99 ? min(beyond, max(q.y - 1.6, 0.1)) : texture(uVolume, p).r * 0.9;
}

float caustics(vec2 q, float t) {
  vec2 w = q * 1.6 + 0.35 * vec2(noise(q * 1.3 + 0.3 * t), noise(q * 1.3 + 20.0 - 0.3 * t));
  float a = 1.0 - abs(2.0 * noise(w + 0.25 * t) - 1.0);
  float b = 1.0 - abs(2.0 * noise(w * 1.7 - 0.31 * t + 5.0) - 1.0);
  return pow(a * b, 3.0) * 2.2;
}

vec3 water(vec3 rd, float t) {
  vec3 c = mix(vec3(0.012, 0.14, 0.28), vec3(0.05, 0.42, 0.60), smoothstep(-0.45, 0.35, rd.y));
  c = mix(c, vec3(0.32, 0.78, 0.86), smoothstep(0.15, 0.70, rd.y));
  float surface = fbm(rd.xz / (abs(rd.y) + 0.1) * 2.2 + 0.25 * t, 3);
  return c + vec3(0.35, 0.45, 0.42) * smoothstep(0.52, 0.75, surface) * smoothstep(0.28, 0.75, rd.y);
}

vec3 hue(float kind, float r) {
  if (kind > 8.0) return vec3(0.42, 0.35, 0.26);
  if (kind < 1.0) return mix(vec3(0.62, 0.44, 0.16), vec3(0.45, 0.52, 0.20), r);
  if (kind < 3.0) return r < 0.5 ? vec3(1.00, 0.38, 0.12) : r < 0.8 ? vec3(0.92, 0.76, 0.40) : vec3(0.66, 0.34, 0.70);
  if (kind < 4.0) return r < 0.5 ? vec3(0.90, 0.30, 0.42) : r < 0.8 ? vec3(0.84, 0.46, 0.60) : vec3(0.78, 0.26, 0.20);
  return r < 0.6 ? vec3(0.95, 0.62, 0.12) : vec3(0.60, 0.24, 0.52);
}

${SHOAL}
vec3 scene(vec2 p, float t) {
  vec3 from = vec3(0.10 * t - 0.3, 1.75, 0.16 * t - 0.6);
  vec3 rd = lookAt(p, from, from + vec3(0.0, -0.15, 1.0), 1.45);
  vec3 fog = water(rd, t);
  vec3 c = fog;
  float d = 0.8, depth = 1e3;
  for (int i = 0; i < 110; i++) {
    float free = map(from + rd * d, t);
    if (free < 0.0015 * d || d > 12.0) break;
    d += free;
  }
  if (d < 12.0) {
    depth = d;
    vec3 q = from + rd * d;
    vec2 e = vec2(0.02, -0.02);
    vec3 n = normalize(e.xyy * map(q + e.xyy, t) + e.yyx * map(q + e.yyx, t) + e.yxy * map(q + e.yxy, t) + e.xxx * map(q + e.xxx, t));
    vec3 bump = vec3(noise(q * 37.0), noise(q * 37.0 + 9.0), noise(q * 37.0 + 18.0)) - 0.5;
    n = normalize(n + 1.1 * bump * exp(-0.2 * d));
    float open = 0.0;
    for (int i = 1; i <= 5; i++) open += sat(map(q + n * 0.06 * float(i) + SUN * 0.04, t) / (0.06 * float(i))) * 0.2;
    float shadow = 1.0;
    for (float s = 0.06; s < 0.9; s *= 1.35) shadow = min(shadow, 0.3 + 5.0 * map(q + SUN * s, t) / s);
    shadow = sat(shadow);
    float id = texelFetch(uVolume, ivec3(clamp((q - n * 0.015 - CORNER) / ROOM, 0.0, 0.999) * vec3(textureSize(uVolume, 0))), 0).g;
    float kind = floor(id), above = q.y - seabed(q.xz);
    vec3 skin = hue(kind, fract(id) / 0.9);
    float rough = fbm(q * 14.0, 3);
    float pores = noise(q * 42.0) * 0.6 + 0.4 * noise(q * 83.0);
    float groove = smoothstep(0.05, 0.35, abs(2.0 * noise(q * 27.0 + 0.6 * noise(q * 11.0)) - 1.0));
    skin *= (0.35 + 0.75 * rough + 0.35 * pores) * (kind < 1.0 || kind == 3.0 ? 0.45 + 0.75 * groove : 1.0);
    if (kind > 8.0) skin = mix(skin, vec3(0.34, 0.28, 0.30), smoothstep(0.45, 0.62, fbm(q * 2.4, 3)));
    else skin = mix(skin, vec3(1.0, 0.92, 0.82), 0.35 * smoothstep(0.25, 0.60, above) * rough);
    float sun = sat(dot(n, SUN)) * shadow;
    vec3 light = vec3(1.10, 1.16, 1.05) * sun * (0.60 + 0.9 * caustics(q.xz - q.y * SUN.xz, t)) + vec3(0.16, 0.30, 0.36) * (0.5 + 0.5 * n.y) * (0.25 + 0.75 * open);
    vec3 seen = skin * light * 1.35 * exp(-d * vec3(0.075, 0.035, 0.025));
    c = mix(seen, fog, 1.0 - exp(-pow(d * 0.14, 1.6)));
  }
  c = shoal(c, from, rd, depth, t, fog);
  vec2 s = p - vec2(0.5, 2.2);
  float angle = atan(s.x, -s.y);
  float shafts = noise(vec2(angle * 14.0 + 0.10 * t, 2.0)) * noise(vec2(angle * 31.0 - 0.13 * t, 7.0));
  return c + vec3(0.16, 0.32, 0.34) * smoothstep(0.18, 0.7, shafts) * smoothstep(-0.9, 1.0, p.y) * 0.30;
}
`,
};
