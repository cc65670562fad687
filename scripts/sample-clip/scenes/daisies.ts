import { type Scene } from '../scene';

/** Daisies close to the lens, moving in a light wind; a meadow far out of focus. */
export const daisies: Scene = {
  id: 'daisies',
  title: 'White daisies in a meadow',
  seconds: 6,
  glsl: /* glsl */ `
/** The meadow behind: greens too far out of focus to be more than discs. */
vec3 meadow(vec2 p, float t) {
  vec3 c = mix(vec3(0.045, 0.105, 0.022), vec3(0.26, 0.38, 0.11), sat(0.40 + 0.42 * p.y + 0.5 * (fbm(p * 0.9 + 4.0, 3) - 0.5)));
  for (int layer = 0; layer < 3; layer++) {
    float size = 0.46 - 0.11 * float(layer);
    vec2 q = (p + vec2(0.02 * t * float(layer + 1), 0.0)) / size + float(layer) * 7.3;
    vec2 id = floor(q);
    for (int y = -1; y <= 1; y++) for (int x = -1; x <= 1; x++) {
      vec2 cell = id + vec2(x, y);
      vec2 r = rand2(cell + 3.0);
      float d = length(q - cell - 0.2 - 0.6 * r);
      float radius = 0.28 + 0.34 * r.y;
      float disc = smoothstep(radius, radius - 0.30, d);
      float pick = rand(cell + 55.0);
      vec3 tint = pick < 0.70 ? mix(vec3(0.10, 0.19, 0.03), vec3(0.34, 0.46, 0.13), r.x)
                : pick < 0.86 ? vec3(0.75, 0.78, 0.62) : vec3(0.70, 0.60, 0.10);
      c = mix(c, tint, disc * (pick < 0.70 ? 0.45 : 0.22));
    }
  }
  return c;
}

/** One ring of petals in the flower's own plane: cover, shade, and distance along the petal. */
vec3 ring(vec2 q, float count, float offset, float salt, float soft) {
  float a = atan(q.y, q.x) / (2.0 * PI) * count + offset;
  float id = mod(floor(a), count);
  float r1 = rand(vec2(id, salt)), r2 = rand(vec2(id + 40.0, salt));
  float across = fract(a) - 0.5 + 0.22 * (r1 - 0.5);
  float len = 0.86 + 0.16 * r2;
  float r = length(q) / len;
  float width = 0.50 * pow(sat(1.0 - pow(r, 7.0)), 0.5) * (0.62 + 0.38 * smoothstep(0.15, 0.75, r));
  float cover = smoothstep(width, width - 0.07 - soft, abs(across)) * smoothstep(1.0 + soft, 1.0 - soft - 0.02, r);
  float ridge = 0.5 + 0.5 * cos(across * 26.0);
  float shade = 0.80 + 0.16 * smoothstep(0.3, 0.9, r) - 0.10 * ridge * smoothstep(1.0, 0.3, r) - 0.34 * pow(abs(across) * 2.0, 3.0);
  shade += 0.16 * (r1 - 0.5) - 0.30 * smoothstep(0.45, 0.20, r);
  return vec3(cover, shade, r);
}

/**
 * A flower head and its stalk over c. "centre" is where the head is, "tilt" how much it is seen from the side,
 * "soft" how far out of focus.
 */
vec3 flower(vec3 c, vec2 p, vec2 centre, float size, float tilt, float angle, float salt, float soft, float t) {
  float phase = salt * 2.4;
  vec2 sway = vec2(0.030 * sin(1.1 * t + phase) + 0.012 * sin(2.7 * t + 2.0 * phase), 0.008 * sin(1.7 * t + phase)) * (size / 0.3);
  vec2 head = centre + sway;
  // The stalk bends from its foot below the picture to the head.
  float down = sat((head.y - p.y) / (head.y + 1.3));
  float stalkX = head.x + (0.16 * (rand(vec2(salt, 8.0)) - 0.5) - sway.x) * down * down - 0.02;
  float thick = 0.045 * size * (1.0 + 0.3 * down);
  float stalk = smoothstep(thick + 0.01 + 0.10 * soft, thick - 0.006 - 0.06 * soft, abs(p.x - stalkX)) * step(p.y, head.y);
  float across = (p.x - stalkX) / max(thick, 0.001);
  c = mix(c, vec3(0.13, 0.22, 0.04) * (0.75 + 0.5 * clamp(-across, -1.0, 1.0)), stalk * (1.0 - 0.45 * smoothstep(0.0, 0.2, soft)));

  vec2 q = turn((p - head) / size, angle);
  q.y /= tilt;
  float r = length(q);
  if (r > 1.25 + soft) return c;
  // Petals droop: those nearer to us hang lower on the screen.
  q.y += 0.10 * r * r * (1.0 - tilt);
  float light = 1.0 + 0.16 * dot(normalize(q + 1e-4), vec2(-0.6, 0.8)) * r;
  if (soft > 0.2) {
    // So far off that petals have run together.
    float petals = 0.86 + 0.14 * sin(atan(q.y, q.x) * 11.0) * smoothstep(0.5, 0.9, r);
    c = mix(c, vec3(0.86, 0.87, 0.83) * (0.86 + 0.14 * light), smoothstep(petals + 0.75 * soft, petals - 0.75 * soft, r) * 0.88);
    return mix(c, vec3(0.82, 0.56, 0.08), smoothstep(0.34 + 0.6 * soft, 0.34 - 0.6 * soft, r) * 0.9);
  }
  vec3 under = ring(q * 1.01, 17.0, 0.47, salt + 60.0, soft);
  vec3 over = ring(q * 1.06, 19.0, 0.10, salt + 20.0, soft);
  vec3 white = vec3(0.93, 0.92, 0.90), blueish = vec3(0.52, 0.58, 0.68);
  c = mix(c, mix(blueish, white, sat(under.y - 0.16)) * light * 0.78, under.x);
  c = mix(c, mix(blueish, white, sat(over.y)) * light, over.x);
  float eye = 0.27;
  c *= 1.0 - 0.40 * smoothstep(eye + 0.16, eye, r) * smoothstep(eye - 0.05, eye, r);
  vec2 dome = q / eye;
  dome.y = (q.y * tilt - 0.05 * (1.0 - tilt)) / (eye * (tilt * 0.8 + 0.2));
  float dr = length(dome);
  float cover = smoothstep(1.03 + soft, 0.95 - soft, dr);
  float height = sqrt(max(1.0 - dr * dr, 0.0));
  vec2 seed = dome * 11.0 * (1.0 + 0.25 * dr);
  float dots = mix(0.5, noise(seed * 1.1) * 0.6 + 0.4 * noise(seed * 2.3), 1.0 - smoothstep(0.0, 0.15, soft));
  float facing = sat(0.40 + 0.55 * dot(vec3(dome, height), normalize(vec3(-0.5, 0.7, 0.6))));
  vec3 yolk = mix(vec3(0.42, 0.17, 0.01), vec3(1.05, 0.68, 0.04), facing) * (0.55 + 0.85 * dots);
  yolk = mix(yolk, vec3(0.50, 0.46, 0.06), 0.35 * smoothstep(0.4, 0.0, dr));
  return mix(c, yolk, cover);
}

vec3 scene(vec2 p, float t) {
  p += vec2(0.020 * t - 0.06, 0.006 * t);
  vec3 c = meadow(p * 0.92, t);
  c = flower(c, p, vec2(-1.62, 0.46), 0.20, 0.62, 0.2, 31.0, 0.34, t);
  c = flower(c, p, vec2(-0.72, 0.72), 0.17, 0.55, -0.2, 32.0, 0.38, t);
  c = flower(c, p, vec2(0.30, 0.66), 0.19, 0.60, 0.1, 33.0, 0.32, t);
  c = flower(c, p, vec2(1.66, 0.74), 0.18, 0.50, -0.3, 34.0, 0.36, t);
  c = flower(c, p, vec2(1.02, 0.30), 0.27, 0.66, 0.15, 21.0, 0.14, t);
  c = flower(c, p, vec2(-1.30, -0.22), 0.31, 0.70, -0.25, 22.0, 0.10, t);
  c = flower(c, p, vec2(0.36, -0.62), 0.36, 0.62, 0.30, 23.0, 0.05, t);
  c = flower(c, p, vec2(1.40, -0.42), 0.44, 0.74, 0.12, 11.0, 0.025, t);
  c = flower(c, p, vec2(-0.42, 0.10), 0.60, 0.86, -0.12, 12.0, 0.0, t);
  return c;
}
`,
};
