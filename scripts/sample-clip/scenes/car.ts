import { type Scene } from '../scene';
import { CAR_PAINT } from './car-paint';
import { CAR_SHAPE, CAR_SIDE } from './car-shape';
import { STREET } from './street';

/** A red car coming along a quiet street. One unit is a metre, the car drives to +x. */
export const car: Scene = {
  id: 'car',
  title: 'A red car on a road',
  seconds: 6,
  bake: CAR_SIDE,
  glsl: /* glsl */ `
const vec3 SUN = normalize(vec3(0.42, 0.80, -0.62));
${CAR_SHAPE}
${STREET}
${CAR_PAINT}
vec3 scene(vec2 p, float t) {
  float x = 1.15 * t;
  float wander = 0.55 - 0.13 * t;
  vec3 from = vec3(x + 4.6 + wander, 1.30, -5.4);
  vec3 rd = lookAt(p, from, vec3(x + 0.10 + 0.4 * wander, 0.80, 0.0), 3.7);
  vec3 local = from - vec3(x, 0.0, 0.0);
  float material = 0.0;
  float hit = march(local, rd, 2.5, 12.0, material);
  if (hit > 0.0) return shadeCar(local + rd * hit, rd, material, x / WHEEL, x);
  vec3 c = street(from, rd, t);
  if (rd.y < 0.0) {
    vec3 q = local + rd * (-local.y / rd.y);
    float reach = max(abs(q.x) - 4.5, abs(q.z) - 4.5);
    if (reach < 0.0) {
      float soft = 1.0;
      for (float s = 0.03; s < 3.2; s *= 1.20) soft = min(soft, 0.5 + 0.5 * car(q + SUN * s).x / (0.035 * s + 0.01));
      soft = smoothstep(0.0, 1.0, soft);
      vec2 foot = max(abs(q.xz) - vec2(1.75, 0.62), 0.0);
      float contact = 1.0 - 0.80 * exp(-2.6 * length(foot));
      c *= mix(vec3(0.24, 0.27, 0.33), vec3(1.0), soft) * contact;
    }
  }
  return c;
}
`,
};
