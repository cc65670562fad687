/** Height of the sea floor, 20 m to a side. */
export const SEABED = /* glsl */ `
vec4 bake(vec2 p) {
  vec2 q = (p - vec2(0.5, 0.0)) * 20.0;
  float side = smoothstep(0.5, 3.6, abs(q.x + 0.4 * sin(q.y * 0.5)));
  float h = 0.30 * fbm(q * 0.7 + 3.0, 3) + side * (0.30 + 0.95 * fbm(q * 0.42 + 11.0, 2)) + 0.05 * noise(q * 5.0);
  return vec4(h, 0.0, 0.0, 1.0);
}
`;

/** The part of the sea that is kept as a volume, in metres; it begins just before the camera. */
export const REEF_ROOM = /* glsl */ `
const vec3 CORNER = vec3(-6.0, -0.1, 0.0);
const vec3 ROOM = vec3(12.0, 2.6, 10.0);
const float CELL = 0.60;
const float SAND = 9.0;
float seabed(vec2 q) { return texture(uBake, q / 20.0 + vec2(0.5, 0.0)).r; }
`;

/** How coral is shaped: far too many sums to do for every step of every ray, so they are done once a voxel. */
export const CORALS = /* glsl */ `
float capsule(vec3 p, vec3 a, vec3 b, float ra, float rb) {
  vec3 w = p - a, e = b - a;
  float h = sat(dot(w, e) / dot(e, e));
  return length(w - e * h) - mix(ra, rb, h);
}

float smoothMin(float a, float b, float k) {
  float h = max(k - abs(a - b), 0.0) / k;
  return min(a, b) - h * h * k * 0.25;
}

/** A boulder with winding grooves. */
float brain(vec3 o, float size, vec2 r) {
  float groove = abs(noise(o * 15.0 + r.x * 50.0) - 0.5) + 0.5 * abs(noise(o * 31.0) - 0.5);
  return (length(o / vec3(1.0, 0.78, 1.0)) - size - 0.075 * groove) * 0.7;
}

/** Forked fingers that spread from one foot. */
float staghorn(vec3 o, float size, vec2 r) {
  float d = 1e3;
  for (int i = 0; i < 7; i++) {
    float a = float(i) * 2.399 + r.x * 6.28, lean = 0.25 + 0.55 * fract(float(i) * 0.618 + r.y);
    vec3 tip = vec3(cos(a) * lean, 1.05 - 0.5 * lean, sin(a) * lean) * (1.25 * size + 0.10);
    vec3 elbow = tip * 0.55 + vec3(0.0, -0.03, 0.0);
    vec3 fork = elbow + vec3(cos(a + 1.3) * 0.11, 0.17, sin(a + 1.3) * 0.11);
    d = smoothMin(d, capsule(o, vec3(0.0, -0.05, 0.0), elbow, 0.050, 0.036), 0.05);
    d = smoothMin(d, capsule(o, elbow, tip, 0.036, 0.020), 0.03);
    d = smoothMin(d, capsule(o, elbow, fork, 0.030, 0.018), 0.03);
  }
  return (d - 0.012 * noise(o * 60.0)) * 0.8;
}

/** A cushion of knobs. */
float cauliflower(vec3 o, float size) {
  float d = length(o / vec3(1.15, 0.75, 1.15)) - size;
  return (d - 0.14 * abs(noise(o * 9.0 + 5.0) - 0.35) - 0.05 * noise(o * 24.0)) * 0.6;
}

/** Tube sponges, open at the top. */
float tubes(vec3 o, vec2 r) {
  float d = 1e3;
  for (int i = 0; i < 4; i++) {
    float a = float(i) * 1.7 + r.y * 6.28;
    vec3 foot = vec3(cos(a), 0.0, sin(a)) * 0.07;
    float h = 0.26 + 0.24 * fract(float(i) * 0.618 + r.x);
    vec3 tip = foot * 2.2 + vec3(0.0, h, 0.0);
    float tube = max(capsule(o, foot, tip, 0.055, 0.078), o.y - h);
    d = min(d, max(tube, -(length(o - tip) - 0.055)));
  }
  return (d - 0.010 * noise(o * 40.0)) * 0.8;
}

/** Distance and, as one number, kind and colour of what is nearest. */
vec2 volume(vec3 p) {
  vec3 q = p * ROOM + CORNER;
  float ground = (q.y - seabed(q.xz)) * 0.8;
  vec2 best = vec2(ground, SAND);
  vec2 base = floor(q.xz / CELL - 0.5);
  for (int i = 0; i < 4; i++) {
    vec2 id = base + vec2(i & 1, i >> 1);
    if (rand(id + 3.0) < 0.10) continue;
    vec2 r = rand2(id + 7.0);
    vec2 home = (id + 0.5 + 0.36 * (r - 0.5)) * CELL;
    vec3 o = q - vec3(home.x, seabed(home), home.y);
    float size = 0.22 + 0.16 * rand(id + 31.0);
    float kind = floor(rand(id + 91.0) * 5.0);
    float d = kind < 1.0 ? brain(o, size, r) : kind < 3.0 ? staghorn(o, size, r) : kind < 4.0 ? cauliflower(o, size) : tubes(o, r);
    if (d < best.x) best = vec2(d, kind + 0.9 * rand(id + 57.0));
  }
  return best;
}
`;
