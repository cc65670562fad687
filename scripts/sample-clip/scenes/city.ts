import { type Scene } from '../scene';

/** Towers with lit windows across a harbour at night. One unit is a hundred metres. */
export const city: Scene = {
  id: 'city',
  title: 'A city skyline at night',
  seconds: 6,
  glsl: /* glsl */ `
const float LOT = 0.62;
const float QUAY = 0.05;

vec3 nightSky(vec3 rd, float t) {
  float up = max(rd.y, 0.0);
  vec3 c = mix(vec3(0.150, 0.095, 0.085), vec3(0.030, 0.040, 0.085), 1.0 - exp(-7.0 * up));
  c = mix(c, vec3(0.006, 0.010, 0.030), smoothstep(0.05, 0.65, up));
  float cloud = fbm(rd.xz / (rd.y + 0.22) * 1.3 + vec2(0.01 * t, 4.0), 5);
  return c * (0.75 + 1.1 * smoothstep(0.45, 0.75, cloud) * exp(-2.0 * up));
}

float towerHeight(vec2 id) {
  float r = rand(id + 13.0);
  vec2 q = vec2((id.x + 3.0) * 0.20, (id.y - 4.0) * 0.17);
  float centre = exp(-dot(q, q)) + 0.65 * exp(-pow((id.x - 9.0) * 0.26, 2.0));
  float h = 0.28 + 0.45 * r + centre * (0.35 + 2.0 * r * r);
  return id.y < 1.0 ? min(h, 0.35 + 0.4 * r) : h;
}

/** Near side of an upright box; the normal comes back in n. */
float box(vec3 ro, vec3 inverse, vec3 centre, vec3 size, out vec3 n) {
  vec3 a = (centre - ro) * inverse;
  vec3 k = abs(inverse) * size;
  vec3 near = a - k, far = a + k;
  float tn = max(max(near.x, near.y), near.z), tf = min(min(far.x, far.y), far.z);
  n = -sign(inverse) * step(near.yzx, near) * step(near.zxy, near);
  return tn < tf && tf > 0.0 ? tn : -1.0;
}

vec3 facade(vec3 q, vec3 n, vec2 id, float top) {
  float r = rand(id + 5.0), kind = rand(id + 29.0);
  float u = abs(n.x) > 0.5 ? q.z : q.x;
  vec2 size = mix(vec2(0.026, 0.034), vec2(0.042, 0.036), step(0.5, kind));
  vec2 w = vec2(u, q.y) / size;
  vec2 cell = floor(w), f = fract(w);
  ivec3 key = ivec3(cell, int(id.x) * 31 + int(id.y) * 7 + int(abs(n.x) * 3.0));
  float chance = hash3(key), flavour = hash3(key + 11);
  float floorOn = rand(vec2(cell.y, id.x * 3.0 + id.y));
  float share = mix(0.10, 0.52, r * r) * (0.35 + floorOn);
  float pane = smoothstep(0.10, 0.22, f.x) * smoothstep(0.92, 0.80, f.x) * smoothstep(0.16, 0.28, f.y) * smoothstep(0.90, 0.78, f.y);
  vec3 warm = mix(vec3(1.0, 0.62, 0.26), vec3(1.0, 0.80, 0.52), flavour);
  vec3 tint = mix(warm, vec3(0.72, 0.90, 1.0), step(0.78, rand(id + 3.0)) * 0.8);
  float lamp = step(1.0 - share, chance) * (0.22 + 2.4 * flavour * flavour * flavour * flavour + 0.5 * flavour);
  vec3 wall = mix(vec3(0.040, 0.048, 0.070), vec3(0.085, 0.070, 0.060), rand(id + 83.0)) * (0.55 + 0.45 * abs(n.z));
  vec3 c = wall * (0.5 + 2.6 * exp(-q.y * 2.2) * vec3(1.0, 0.66, 0.38));
  c += wall * 0.9 * pane * (1.0 - lamp);
  c += tint * lamp * pane * 1.15;
  // Shop fronts at street level, and on some towers a lit crown.
  c += vec3(1.0, 0.70, 0.38) * smoothstep(0.11, 0.05, q.y) * (0.5 + 0.9 * noise(vec2(u * 14.0, id.y)));
  float crown = step(0.72, rand(id + 41.0)) * step(1.1, top);
  vec3 crownTint = mix(vec3(1.0, 0.82, 0.55), mix(vec3(0.35, 0.60, 1.0), vec3(1.0, 0.30, 0.25), step(0.6, rand(id + 61.0))), step(0.5, rand(id + 57.0)));
  c += crown * crownTint * 0.95 * smoothstep(top - 0.10, top - 0.02, q.y);
  return c;
}

/** Light from the town along a ray, or a negative red where it meets none. */
vec3 town(vec3 ro, vec3 rd) {
  if (rd.z <= 0.001) return vec3(-1.0);
  vec3 inverse = 1.0 / (rd + vec3(1e-5));
  float d = max(0.0, -ro.z * inverse.z);
  vec3 q = ro + rd * (d + 1e-4);
  vec2 id = floor(q.xz / LOT);
  vec2 dir = sign(rd.xz);
  for (int i = 0; i < 34; i++) {
    if (id.y > 13.0) break;
    if (rand(id + 71.0) > 0.10 && mod(id.x, 4.0) > 0.5) {
      float h = towerHeight(id);
      vec2 centre = (id + 0.5) * LOT;
      vec2 size = LOT * (0.30 + 0.13 * rand2(id + 19.0));
      vec3 n, m;
      float shaft = box(ro, inverse, vec3(centre.x, h * 0.5, centre.y), vec3(size.x, h * 0.5, size.y), n);
      float top = h;
      if (h > 0.95) {
        top = h * (1.10 + 0.16 * rand(id + 23.0));
        float upper = box(ro, inverse, vec3(centre.x, top * 0.5, centre.y), vec3(size.x * 0.68, top * 0.5, size.y * 0.68), m);
        if (upper > 0.0 && (shaft < 0.0 || upper < shaft)) { shaft = upper; n = m; }
        if (h > 1.7) {
          float mast = box(ro, inverse, vec3(centre.x, top * 0.62, centre.y), vec3(0.010, top * 0.62, 0.010), m);
          if (mast > 0.0 && (shaft < 0.0 || mast < shaft)) {
            float y = ro.y + rd.y * mast;
            if (y > top) return vec3(0.05, 0.05, 0.06) + vec3(3.0, 0.12, 0.08) * smoothstep(top * 1.22, top * 1.235, y);
          }
        }
      }
      if (shaft > 0.0) {
        vec3 hit = ro + rd * shaft;
        float haze = 1.0 - exp(-0.020 * max(shaft - 5.0, 0.0));
        vec3 c = n.y > 0.5 ? vec3(0.02) : facade(hit, n, id, top);
        return mix(c, vec3(0.11, 0.080, 0.085), haze);
      }
    }
    vec2 edge = ((id + 0.5 + 0.5 * dir) * LOT - ro.xz) * inverse.xz;
    if (edge.x < edge.y) id.x += dir.x; else id.y += dir.y;
  }
  return vec3(-1.0);
}

/** Street lamps along the quay, as glows on the plane z = 0. */
vec3 lamps(vec3 ro, vec3 rd) {
  if (rd.z <= 0.001) return vec3(0.0);
  vec3 q = ro + rd * (-(ro.z + 0.08) / rd.z);
  float spacing = 0.42;
  float x = (fract(q.x / spacing) - 0.5) * spacing;
  float d2 = x * x + (q.y - 0.11) * (q.y - 0.11);
  return vec3(1.0, 0.60, 0.24) * (0.00050 / (d2 + 0.00010)) * smoothstep(0.20, 0.0, sqrt(d2));
}

vec3 above(vec3 ro, vec3 rd, float t) {
  vec3 c = town(ro, rd);
  if (c.r < 0.0) c = nightSky(rd, t);
  vec3 quay = ro + rd * (-(ro.z + 0.06) / max(rd.z, 0.001));
  if (rd.z > 0.0 && quay.y < QUAY) c = vec3(0.05, 0.035, 0.025) * (0.6 + 0.8 * noise(quay.xy * vec2(9.0, 30.0)));
  return c + lamps(ro, rd);
}

float ripples(vec2 p, float t) {
  return noise(p + vec2(0.2 * t, 0.7 * t)) + 0.5 * noise(p * 2.3 - vec2(0.4 * t, 0.6 * t)) + 0.28 * noise(TURN * p * 4.9 + t);
}

vec3 scene(vec2 p, float t) {
  vec3 from = vec3(0.6 + 0.09 * t, 0.42, -5.6);
  vec3 rd = lookAt(p, from, from + vec3(-0.05 + 0.006 * t, 0.10, 1.0), 1.75);
  if (rd.y < 0.0) {
    float dist = -from.y / rd.y;
    vec3 q = from + rd * dist;
    if (q.z < -0.06) {
      vec2 w = q.xz * vec2(7.0, 16.0);
      float e = 0.06 + 0.02 * dist;
      float h = ripples(w, t);
      vec2 g = vec2(ripples(w + vec2(e, 0.0), t) - h, ripples(w + vec2(0.0, e), t) - h) / e;
      vec3 n = normalize(vec3(-0.016 * g.x, 1.0, -0.040 * g.y));
      vec3 r = reflect(rd, n);
      r.y = abs(r.y) + 0.001;
      float fresnel = 0.10 + 0.72 * pow(1.0 - sat(dot(-rd, n)), 4.0);
      return vec3(0.004, 0.007, 0.014) + min(above(vec3(q.x, 0.0, q.z), r, t), vec3(2.5)) * fresnel;
    }
  }
  return above(from, rd, t);
}
`,
};
