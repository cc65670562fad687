/** The side view of a car as distances to its outline, its windows, its seams and its door handles. */
export const CAR_SIDE = /* glsl */ `
float edgeDistance(vec2 p, vec2 a, vec2 b, inout float inside) {
  vec2 e = b - a, w = p - a;
  vec2 d = w - e * clamp(dot(w, e) / dot(e, e), 0.0, 1.0);
  bvec3 c = bvec3(p.y >= a.y, p.y < b.y, e.x * w.y > e.y * w.x);
  if (all(c) || all(not(c))) inside = -inside;
  return dot(d, d);
}

float silhouette(vec2 p) {
  vec2 v[22] = vec2[22](
    vec2(2.06, 0.26), vec2(2.12, 0.42), vec2(2.09, 0.60), vec2(1.96, 0.74), vec2(1.55, 0.855), vec2(0.98, 0.945),
    vec2(0.72, 1.06), vec2(0.18, 1.345), vec2(-0.06, 1.405), vec2(-0.45, 1.435), vec2(-0.90, 1.41), vec2(-1.22, 1.33),
    vec2(-1.62, 1.11), vec2(-1.80, 1.02), vec2(-2.02, 0.975), vec2(-2.08, 0.88), vec2(-2.04, 0.70), vec2(-2.10, 0.55),
    vec2(-2.06, 0.34), vec2(-1.9, 0.24), vec2(0.0, 0.20), vec2(1.9, 0.21));
  float d = 1e9, inside = 1.0;
  for (int i = 0; i < 22; i++) d = min(d, edgeDistance(p, v[i], v[(i + 21) % 22], inside));
  return inside * sqrt(d);
}

float pane(vec2 p, vec2 a, vec2 b, vec2 c, vec2 e) {
  float inside = 1.0;
  float d = edgeDistance(p, a, e, inside);
  d = min(d, edgeDistance(p, b, a, inside));
  d = min(d, edgeDistance(p, c, b, inside));
  d = min(d, edgeDistance(p, e, c, inside));
  return inside * sqrt(d);
}

float segment(vec2 p, vec2 a, vec2 b) {
  vec2 w = p - a, e = b - a;
  return length(w - e * clamp(dot(w, e) / dot(e, e), 0.0, 1.0));
}

vec4 bake(vec2 p) {
  vec2 q = vec2((p.x - 0.5) * 5.2, p.y * 2.6 - 0.3);
  float body = silhouette(q) - 0.02;
  float front = pane(q, vec2(0.70, 0.99), vec2(0.12, 1.295), vec2(-0.42, 1.365), vec2(-0.44, 0.965)) - 0.02;
  float back = pane(q, vec2(-0.54, 0.965), vec2(-0.52, 1.365), vec2(-1.12, 1.29), vec2(-1.47, 1.03)) - 0.02;
  float seam = min(segment(q, vec2(0.62, 0.95), vec2(0.72, 0.34)), segment(q, vec2(-0.49, 0.96), vec2(-0.46, 0.32)));
  seam = min(seam, segment(q, vec2(0.72, 0.34), vec2(-0.46, 0.32)));
  seam = min(seam, min(segment(q, vec2(-1.30, 0.98), vec2(-1.18, 0.70)), segment(q, vec2(-0.46, 0.32), vec2(-0.9, 0.34))));
  float handle = min(segment(q, vec2(-0.36, 0.835), vec2(-0.18, 0.835)), segment(q, vec2(-1.16, 0.845), vec2(-0.98, 0.845)));
  return vec4(body, min(front, back), seam, handle);
}
`;

/** The car in three dimensions: the side view of `CAR_SIDE` given a width, and wheels. */
export const CAR_SHAPE = /* glsl */ `
const float WHEEL = 0.335;
const vec2 AXLES = vec2(1.33, -1.30);

vec4 side(vec2 q) { return texture(uBake, vec2(q.x / 5.2 + 0.5, (q.y + 0.3) / 2.6)); }

float smoothMax(float a, float b, float k) {
  float h = max(k - abs(a - b), 0.0) / k;
  return max(a, b) + h * h * k * 0.25;
}

/** Half the width of the body at a point of its side view. */
float halfWidth(vec2 q) {
  float ends = pow(abs(q.x) / 2.15, 4.0);
  float w = 0.87 - 0.15 * ends - 0.05 * smoothstep(0.45, 0.15, q.y);
  float belly = 0.085 * pow((q.y - 0.66) / 0.45, 2.0) * smoothstep(1.0, 0.9, q.y);
  float crease = 0.026 * smoothstep(0.62, 0.74, q.y) * smoothstep(0.92, 0.76, q.y);
  return w + crease - belly - 0.32 * pow(sat((q.y - 0.90) / 0.55), 1.25);
}

/** Distance and material: 1 paint, 2 tyre, 3 rim, 4 underside, 5 mirror. */
vec2 car(vec3 q) {
  vec3 a = vec3(q.xy, abs(q.z));
  vec3 outside = max(abs(q - vec3(0.0, 0.72, 0.0)) - vec3(2.2, 0.78, 1.05), 0.0);
  float bound = length(outside);
  if (bound > 0.25) return vec2(bound, 0.0);
  float body = smoothMax(side(a.xy).r, a.z - halfWidth(a.xy), 0.16);
  vec2 wheel = vec2(a.x > 0.0 ? a.x - AXLES.x : a.x - AXLES.y, a.y - WHEEL);
  float r = length(wheel);
  float arch = r - 0.405;
  body = smoothMax(body, -max(arch, 0.50 - a.z), 0.03);
  vec2 res = vec2(body, 1.0);
  float under = max(max(abs(a.x) - 1.95, abs(a.y - 0.42) - 0.24), a.z - 0.60);
  if (under < res.x) res = vec2(under, 4.0);
  vec2 tread = abs(vec2(r - 0.27, a.z - 0.745)) - vec2(0.030, 0.070);
  float tyre = length(max(tread, 0.0)) + min(max(tread.x, tread.y), 0.0) - 0.035;
  if (tyre < res.x) res = vec2(tyre, 2.0);
  float rim = max(r - 0.245, abs(a.z - 0.735) - 0.045 - 0.03 * smoothstep(0.25, 0.0, r));
  if (rim < res.x) res = vec2(rim, 3.0);
  vec3 m = (a - vec3(0.56, 1.02, 0.97)) / vec3(0.75, 0.62, 1.0);
  float mirror = (length(m) - 0.115) * 0.62;
  mirror = max(mirror, -(a.x - 0.49));
  if (mirror < res.x) res = vec2(mirror, 5.0);
  return res;
}

vec3 carNormal(vec3 q) {
  vec2 e = vec2(0.004, -0.004);
  return normalize(e.xyy * car(q + e.xyy).x + e.yyx * car(q + e.yyx).x + e.yxy * car(q + e.yxy).x + e.xxx * car(q + e.xxx).x);
}

float march(vec3 ro, vec3 rd, float from, float to, out float material) {
  float d = from;
  for (int i = 0; i < 110; i++) {
    vec2 h = car(ro + rd * d);
    material = h.y;
    if (h.x < 0.0015) return d;
    d += h.x * 0.62;
    if (d > to) break;
  }
  return -1.0;
}
`;
