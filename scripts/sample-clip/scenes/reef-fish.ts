/** A shoal between the camera and the reef. */
export const SHOAL = /* glsl */ `
/** Fish are flat to the eye: a body, a forked tail and fins, at a depth of their own. */
vec3 shoal(vec3 c, vec3 ro, vec3 rd, float depth, float t, vec3 fog) {
  for (int i = 0; i < 18; i++) {
    float k = float(i);
    vec2 r = rand2(vec2(k * 3.0, 5.0)), s = rand2(vec2(k * 7.0, 19.0));
    float z = 2.3 + 3.4 * r.x;
    float way = k < 12.0 ? 1.0 : -1.0;
    vec3 at = vec3((r.y - 0.5) * 2.0 * z * 0.72 + way * 0.20 * (t - 3.0) * (0.7 + 0.6 * s.y), 1.25 + 1.05 * s.x + 0.03 * sin(1.4 * t + k), z);
    float d = (at.z - ro.z) / rd.z;
    if (d < 0.0 || d > depth) continue;
    vec2 q = (ro + rd * d - at).xy;
    q.x *= way;
    q /= 0.15 + 0.06 * s.y;
    if (abs(q.x) > 1.7 || abs(q.y) > 0.9) continue;
    q.y += 0.07 * sin(q.x * 2.4 + 8.0 * t + k * 2.0) * sat(0.6 - q.x);
    float w = 0.46 * sqrt(sat(1.0 - q.x * q.x)) * (0.80 + 0.20 * q.x);
    float body = smoothstep(0.04, -0.04, abs(q.y) - w) * smoothstep(1.0, 0.94, abs(q.x));
    float tailX = -q.x - 0.82;
    float tail = smoothstep(-0.03, 0.04, tailX) * smoothstep(0.62, 0.52, tailX + 0.25 * (1.0 - abs(q.y) * 2.0)) * smoothstep(0.05, -0.03, abs(q.y) - 0.10 - 0.62 * tailX);
    float fin = smoothstep(0.04, -0.04, abs(q.y - 0.10) - 0.52 * sqrt(sat(1.0 - pow((q.x + 0.1) / 0.62, 2.0)))) * step(0.0, q.y) * smoothstep(0.60, 0.52, abs(q.x + 0.1)) * 0.8;
    float cover = max(max(body, tail), fin);
    vec3 tint = k < 12.0 ? vec3(0.98, 0.72, 0.08) : vec3(0.95, 0.36, 0.06);
    float band = k < 12.0 ? smoothstep(0.10, 0.05, abs(q.x - 0.62)) : smoothstep(0.15, 0.09, abs(q.x - 0.35)) + smoothstep(0.13, 0.07, abs(q.x + 0.42));
    vec3 skin = mix(tint, k < 12.0 ? vec3(0.10, 0.09, 0.10) : vec3(0.95), sat(band) * body);
    skin *= 0.55 + 0.75 * sat(0.5 + 0.9 * q.y);
    skin = mix(skin, vec3(0.02), smoothstep(0.10, 0.06, length(q - vec2(0.72, 0.10))));
    c = mix(c, mix(skin, fog, 1.0 - exp(-0.16 * d)), cover);
  }
  return c;
}
`;
