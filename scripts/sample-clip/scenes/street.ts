/** Asphalt, a kerb, a hedge and trees under a fair sky; wants `SUN` and `blueSky`. */
export const STREET = /* glsl */ `
const vec3 HAZE = vec3(0.52, 0.62, 0.70);

/** Hedge and trees on the far side, as layers of leaves; x is measured along the street. */
vec4 greenery(vec2 q, float salt, float low, float high, float scale) {
  float clump = fbm(q * 0.8 * scale + salt, 3), fine = fbm(q * 6.5 * scale + salt, 4);
  float light = fbm(q * 6.5 * scale + salt + vec2(0.3, 0.5), 4);
  float top = mix(low, high, fbm(vec2(q.x * 0.33 * scale + salt * 3.0, salt), 3));
  float cover = smoothstep(0.0, 0.10, top - q.y + 0.9 * (fine - 0.5) + 0.7 * (clump - 0.5));
  float lit = sat(0.40 + 2.4 * (fine - light) + 1.2 * (clump - 0.5) + 0.10 * (q.y - 0.5 * top));
  return vec4(mix(vec3(0.012, 0.030, 0.008), vec3(0.20, 0.29, 0.060), lit * lit), cover);
}

vec3 backdrop(vec3 ro, vec3 rd, float t) {
  vec3 c = blueSky(rd, SUN);
  if (rd.y > 0.0) {
    vec2 cloud = cloudDeck(rd, SUN, vec2(2.2 + 0.01 * t, 0.7), 0.50);
    c = mix(c, mix(vec3(0.62, 0.67, 0.74), vec3(1.10), cloud.y), cloud.x * 0.85);
  }
  if (rd.z < 0.02) return c;
  vec2 far = (ro + rd * ((34.0 - ro.z) / rd.z)).xy;
  vec2 mid = (ro + rd * ((19.0 - ro.z) / rd.z)).xy;
  vec2 near = (ro + rd * ((10.5 - ro.z) / rd.z)).xy;
  if (far.y < 16.0) {
    vec4 wood = greenery(far * 0.42, 3.0, 2.6, 5.4, 0.9);
    c = mix(c, mix(wood.rgb * 1.2, HAZE, 0.28), wood.a);
  }
  if (mid.y < 13.0) {
    vec4 tree = greenery(mid * 0.5, 11.0, -1.2, 5.4, 1.0);
    float id = floor(mid.x / 7.0);
    float stem = abs(mid.x - (id + 0.3 + 0.4 * rand(vec2(id, 2.0))) * 7.0);
    float trunk = smoothstep(0.20, 0.15, stem) * smoothstep(3.4, 2.6, mid.y);
    c = mix(c, vec3(0.10, 0.075, 0.05) * (0.5 + fbm(mid * vec2(9.0, 2.0), 3)), trunk);
    float crown = smoothstep(1.7, 2.5, mid.y + 0.6 * (noise(mid * 1.3) - 0.5));
    c = mix(c, mix(tree.rgb * 1.35, HAZE, 0.10), tree.a * crown);
  }
  if (near.y < 3.2) {
    vec4 hedge = greenery(near * 1.3, 23.0, 1.9, 2.6, 1.0);
    c = mix(c, hedge.rgb * (0.55 + 0.35 * sat(near.y)), hedge.a);
  }
  return c;
}

vec3 groundAt(vec3 q, float dist) {
  float far = sat(dist / 26.0);
  float grit = mix(noise(q.xz * 55.0) * 0.6 + noise(q.xz * 21.0) * 0.4, 0.5, far);
  float worn = fbm(q.xz * vec2(0.25, 1.1), 4);
  vec3 asphalt = vec3(0.115, 0.115, 0.120) * (0.62 + 0.45 * grit + 0.45 * worn);
  float crack = smoothstep(0.025, 0.0, abs(fbm(q.xz * 0.8 + 4.0, 4) - 0.52)) * 0.16;
  asphalt *= 1.0 - crack * (1.0 - far);
  float dash = smoothstep(0.075, 0.055, abs(q.z - 2.15)) * step(fract(q.x / 6.0), 0.5);
  asphalt = mix(asphalt, vec3(0.62, 0.61, 0.57) * (0.7 + 0.4 * worn), dash * (0.55 + 0.45 * smoothstep(0.25, 0.5, grit)));
  vec3 kerb = vec3(0.36, 0.35, 0.33) * (0.8 + 0.3 * grit) * (1.0 - 0.45 * smoothstep(0.02, 0.0, abs(fract(q.x) - 0.5)));
  vec3 grass = mix(vec3(0.045, 0.085, 0.018), vec3(0.19, 0.26, 0.065), fbm(q.xz * vec2(5.0, 8.0), 4));
  vec3 ground = mix(asphalt, kerb, smoothstep(5.55, 5.58, q.z) * smoothstep(5.90, 5.87, q.z));
  ground = mix(ground, grass, smoothstep(5.87, 5.93, q.z + 0.08 * (noise(q.xz * 6.0) - 0.5)));
  return mix(ground * 1.55, HAZE, 0.20 * smoothstep(20.0, 90.0, dist));
}

vec3 street(vec3 ro, vec3 rd, float t) {
  float dist = -ro.y / min(rd.y, -0.002);
  vec3 q = ro + rd * dist;
  return rd.y < -0.002 && q.z < 10.5 ? groundAt(q, dist) : backdrop(ro, rd, t);
}
`;
