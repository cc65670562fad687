/** Seeded value noise on integer hashes: the same numbers on every GPU, software ones too. */
export const NOISE = /* glsl */ `
const float PI = 3.14159265359;

uint mixBits(uint h) {
  h ^= h >> 15; h *= 0x2c1b3c6du; h ^= h >> 12; h *= 0x297a2d39u; h ^= h >> 15;
  return h;
}
float toUnit(uint h) { return float(h >> 8) * (1.0 / 16777216.0); }
float hash2(ivec2 p) { return toUnit(mixBits(uint(p.x) * 0x8da6b343u ^ uint(p.y) * 0xd8163841u ^ 0x51ed270bu)); }
float hash3(ivec3 p) {
  return toUnit(mixBits(uint(p.x) * 0x8da6b343u ^ uint(p.y) * 0xd8163841u ^ uint(p.z) * 0xcb1ab31fu));
}
float rand(vec2 cell) { return hash2(ivec2(floor(cell))); }
vec2 rand2(vec2 cell) { return vec2(rand(cell), rand(cell + 517.0)); }

/** Value and gradient, each from one set of corners. */
vec3 noiseD(vec2 p) {
  vec2 f = fract(p);
  ivec2 i = ivec2(floor(p));
  vec2 u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
  vec2 du = 30.0 * f * f * (f * (f - 2.0) + 1.0);
  float a = hash2(i), b = hash2(i + ivec2(1, 0)), c = hash2(i + ivec2(0, 1)), d = hash2(i + ivec2(1, 1));
  float k = a - b - c + d;
  return vec3(a + (b - a) * u.x + (c - a) * u.y + k * u.x * u.y,
              du * (vec2(b - a, c - a) + k * u.yx));
}
float noise(vec2 p) {
  vec2 f = fract(p);
  ivec2 i = ivec2(floor(p));
  vec2 u = f * f * (3.0 - 2.0 * f);
  return mix(mix(hash2(i), hash2(i + ivec2(1, 0)), u.x),
             mix(hash2(i + ivec2(0, 1)), hash2(i + ivec2(1, 1)), u.x), u.y);
}
float noise(vec3 p) {
  vec3 f = fract(p);
  ivec3 i = ivec3(floor(p));
  vec3 u = f * f * (3.0 - 2.0 * f);
  return mix(
    mix(mix(hash3(i), hash3(i + ivec3(1, 0, 0)), u.x),
        mix(hash3(i + ivec3(0, 1, 0)), hash3(i + ivec3(1, 1, 0)), u.x), u.y),
    mix(mix(hash3(i + ivec3(0, 0, 1)), hash3(i + ivec3(1, 0, 1)), u.x),
        mix(hash3(i + ivec3(0, 1, 1)), hash3(i + ivec3(1, 1, 1)), u.x), u.y), u.z);
}

const mat2 TURN = mat2(0.8, 0.6, -0.6, 0.8);

/** Octaves from 0 to 1, each turned so that the lattice does not show. */
float fbm(vec2 p, int octaves) {
  float sum = 0.0, amplitude = 0.5, total = 0.0;
  for (int i = 0; i < octaves; i++) {
    sum += amplitude * noise(p);
    total += amplitude;
    amplitude *= 0.5;
    p = TURN * p * 2.03 + 17.3;
  }
  return sum / total;
}
float fbm(vec3 p, int octaves) {
  float sum = 0.0, amplitude = 0.5, total = 0.0;
  for (int i = 0; i < octaves; i++) {
    sum += amplitude * noise(p);
    total += amplitude;
    amplitude *= 0.5;
    p.xz = TURN * p.xz;
    p = p.zxy * 2.03 + 11.7;
  }
  return sum / total;
}

float sat(float x) { return clamp(x, 0.0, 1.0); }
vec2 turn(vec2 v, float angle) {
  float c = cos(angle), s = sin(angle);
  return vec2(c * v.x - s * v.y, s * v.x + c * v.y);
}
`;
