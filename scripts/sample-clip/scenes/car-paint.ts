/** What the car is made of, by place: paint, glass, lamps, tyres. Wants `CAR_SHAPE` and `SUN`. */
export const CAR_PAINT = /* glsl */ `
/** What the paint and glass mirror: the street as a few bands, cheaply. */
vec3 mirrored(vec3 rd, float x) {
  float skyline = 0.20 + 0.10 * fbm(vec2(atan(rd.z, rd.x) * 4.0 + 0.06 * x, 2.0), 3);
  vec3 above = mix(vec3(0.92, 0.97, 1.02), vec3(0.22, 0.42, 0.78), smoothstep(0.1, 0.9, rd.y));
  vec3 wood = mix(vec3(0.030, 0.048, 0.020), vec3(0.11, 0.15, 0.05), fbm(vec2(atan(rd.z, rd.x) * 14.0 + 0.2 * x, rd.y * 16.0), 3));
  vec3 c = mix(wood, above, smoothstep(-0.10, 0.10, rd.y - skyline));
  return mix(vec3(0.15, 0.15, 0.155), c, smoothstep(-0.05, 0.02, rd.y));
}

vec3 shadeCar(vec3 q, vec3 rd, float material, float rolled, float x) {
  vec3 n = carNormal(q);
  vec4 s = side(q.xy);
  float w = halfWidth(q.xy);
  float blocker;
  float shadow = march(q + n * 0.02, SUN, 0.02, 3.0, blocker) > 0.0 ? 0.0 : 1.0;
  float light = sat(dot(n, SUN)) * shadow;
  vec3 sky = vec3(0.34, 0.42, 0.55) * (0.5 + 0.5 * n.y) + vec3(0.13) * (0.5 - 0.5 * n.y);
  float occlusion = sat(0.35 + q.y * 1.1);
  vec3 r = reflect(rd, n);
  vec3 env = mirrored(r, x);
  float facing = 1.0 - sat(dot(-rd, n));
  float fresnel = 0.11 + 0.75 * pow(facing, 4.0);
  float sparkle = pow(sat(dot(r, SUN)), 350.0) * 9.0 + pow(sat(dot(r, SUN)), 40.0) * 0.35;
  float az = abs(q.z);

  if (material > 4.5 || material < 1.5) {
    bool sideOn = abs(n.z) > 0.55;
    bool windscreen = q.y > 1.0 && q.y < 1.375 && q.x > 0.0 && n.x > 0.25 && az < w - 0.085;
    bool rearScreen = q.y > 1.05 && q.y < 1.36 && q.x < -1.0 && n.x < -0.2 && az < w - 0.10;
    if (material < 1.5 && ((sideOn && s.g < 0.0) || windscreen || rearScreen)) {
      vec3 cabin = mix(vec3(0.006, 0.007, 0.008), vec3(0.03, 0.032, 0.034), smoothstep(0.9, 1.35, q.y) * 0.5 + 0.25 * noise(q.xy * 5.0));
      return mix(cabin, env, 0.11 + 0.75 * pow(facing, 4.5)) + sparkle * 0.6;
    }
    vec3 paint = vec3(0.50, 0.011, 0.010);
    vec3 c = paint * (vec3(1.5, 1.42, 1.28) * light + sky * occlusion * 1.1);
    c = mix(c, env, fresnel * occlusion) + vec3(1.0, 0.95, 0.88) * sparkle * shadow;
    if (material < 1.5) {
      if (sideOn) {
        if (s.g < 0.035) c = vec3(0.012) + 0.05 * env;
        c *= 1.0 - 0.75 * smoothstep(0.011, 0.004, s.b);
        if (s.a < 0.022) c = mix(c, paint * 0.6 + env * 0.30, 0.8);
        else c *= 1.0 - 0.35 * smoothstep(0.045, 0.022, s.a);
      }
      if (q.y < 0.305 + 0.02 * step(1.7, abs(q.x))) c = vec3(0.018) + 0.03 * env;
      if (q.x > 1.2) {
        // The nose: lamps, grille, plate, lower intake.
        vec2 f = vec2(az, q.y);
        vec2 lamp = (f - vec2(0.635, 0.655 + 0.06 * smoothstep(0.5, 0.8, az))) / vec2(0.20, 0.074);
        float l = length(lamp);
        if (l < 1.0 && q.x > 1.6) {
          float bulb = exp(-12.0 * dot(lamp - vec2(0.15, 0.0), lamp - vec2(0.15, 0.0)));
          c = mix(vec3(0.30, 0.32, 0.34) * (0.4 + light) + 0.45 * env, vec3(1.6, 1.55, 1.4), 0.75 * bulb) * (l > 0.88 ? 0.25 : 1.0);
        }
        if (n.x > 0.3) {
          if (az < 0.44 - 0.3 * abs(q.y - 0.62) && abs(q.y - 0.625) < 0.062) c = mix(vec3(0.008), vec3(0.30) + 0.3 * env, smoothstep(0.35, 0.5, abs(fract(q.y * 30.0) - 0.5)));
          if (az < 0.62 && abs(q.y - 0.355) < 0.062) c = vec3(0.010) + 0.03 * env;
          if (az < 0.26 && abs(q.y - 0.475) < 0.058) {
            float ink = step(0.5, hash2(ivec2(floor(q.z * 46.0), floor(q.y * 46.0)))) * step(abs(q.y - 0.475), 0.034) * step(az, 0.21);
            c = mix(vec3(0.78), vec3(0.06), ink * 0.85) * (0.35 + 0.8 * light);
          }
        }
      }
      if (q.x < -1.75 && abs(q.y - 0.80) < 0.085 && az > 0.42) c = vec3(0.34, 0.010, 0.012) + 0.25 * env;
    }
    return c;
  }
  vec2 hub = vec2(q.x > 0.0 ? q.x - AXLES.x : q.x - AXLES.y, q.y - WHEEL);
  float r0 = length(hub);
  if (material < 2.5) {
    float ribs = 0.85 + 0.15 * sin(r0 * 160.0);
    return vec3(0.022) * ribs * (0.8 + 2.2 * light) + 0.016 * env;
  }
  if (material < 3.5) {
    float a = atan(hub.y, hub.x) + rolled;
    float spoke = smoothstep(0.30, 0.42, abs(fract(a / (2.0 * PI) * 5.0) - 0.5) + 0.20 * smoothstep(0.16, 0.03, r0));
    float hoop = smoothstep(0.205, 0.222, r0) + smoothstep(0.065, 0.050, r0);
    vec3 metal = vec3(0.24, 0.245, 0.26) * (0.25 + 1.0 * light + 0.3 * sky) + 0.30 * env;
    return mix(vec3(0.014), metal, sat(max(spoke, hoop)));
  }
  return vec3(0.008);
}
`;
