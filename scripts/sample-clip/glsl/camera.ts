/** A pinhole camera and the pieces of sky that several scenes share. */
export const CAMERA = /* glsl */ `
/** Direction through screen point p; zoom is the focal length in half picture heights. */
vec3 lookAt(vec2 p, vec3 from, vec3 to, float zoom) {
  vec3 w = normalize(to - from);
  vec3 u = normalize(cross(vec3(0.0, 1.0, 0.0), w));
  return normalize(p.x * u + p.y * cross(w, u) + zoom * w);
}

/** Coverage and brightness of a flat deck of heaps of cloud, lit from the sun's side. */
vec2 cloudDeck(vec3 rd, vec3 sun, vec2 drift, float cover) {
  vec2 q = rd.xz / (rd.y + 0.12) * 0.9 + drift;
  vec2 warp = vec2(fbm(q * 1.7 + 3.0, 3), fbm(q * 1.7 + 9.0, 3)) - 0.5;
  q += 0.5 * warp;
  float d = fbm(q, 6);
  float towards = fbm(q + 0.16 * normalize(sun.xz), 5);
  float coverage = smoothstep(cover, cover + 0.22, d) * smoothstep(0.0, 0.10, rd.y);
  return vec2(coverage, sat(0.62 + 2.4 * (d - towards) - 0.35 * smoothstep(cover + 0.1, cover + 0.4, d)));
}

vec3 blueSky(vec3 rd, vec3 sun) {
  float up = max(rd.y, 0.0);
  vec3 c = mix(vec3(0.52, 0.70, 0.90), vec3(0.065, 0.21, 0.56), 1.0 - exp(-3.4 * up));
  float s = max(dot(rd, sun), 0.0);
  return c + vec3(1.0, 0.8, 0.5) * (0.25 * pow(s, 12.0) + 0.6 * pow(s, 200.0));
}
`;
