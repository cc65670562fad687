/** From light to a picture: lens softness, glow, film curve, vignette and grain. */
export const GLOW_PASS = /* glsl */ `
uniform sampler2D uLight;
out vec4 outColour;
void main() {
  vec2 uv = gl_FragCoord.xy / uSize;
  vec3 sum = vec3(0.0);
  float total = 0.0;
  for (int y = -5; y <= 5; y++) for (int x = -5; x <= 5; x++) {
    vec2 o = vec2(x, y);
    float w = exp(-dot(o, o) / 10.0);
    vec3 c = texture(uLight, uv + o / uSize).rgb;
    sum += w * min(max(c - 0.75, 0.0), 8.0);
    total += w;
  }
  outColour = vec4(sum / total, 1.0);
}
`;

export const FILM_PASS = /* glsl */ `
uniform sampler2D uLight;
uniform sampler2D uGlow;
out vec4 outColour;

vec3 filmCurve(vec3 x) {
  x *= 0.85;
  return clamp((x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0);
}

void main() {
  vec2 uv = gl_FragCoord.xy / uSize;
  vec2 texel = 1.0 / uSize;
  vec3 c = vec3(0.0);
  float total = 0.0;
  for (int y = -2; y <= 2; y++) for (int x = -2; x <= 2; x++) {
    vec2 o = 0.5 * vec2(x, y);
    float w = exp(-dot(o, o) * 3.4);
    // Compressed before the average, so that one blinding sample does not leave a jagged rim.
    vec3 l = texture(uLight, uv + o * texel).rgb;
    c += w * l / (1.0 + 0.25 * max(l.r, max(l.g, l.b)));
    total += w;
  }
  c /= total;
  c /= max(1.0 - 0.25 * max(c.r, max(c.g, c.b)), 0.05);
  c += 0.35 * texture(uGlow, uv).rgb;

  vec2 q = uv - 0.5;
  c *= 1.0 - 0.55 * dot(q, q);
  c = filmCurve(c);
  c = pow(c, vec3(1.0 / 2.2));
  c = mix(c, c * c * (3.0 - 2.0 * c), 0.30);
  ivec2 cell = ivec2(gl_FragCoord.xy);
  float grain = hash3(ivec3(cell, uFrame)) + hash3(ivec3(cell + 91, uFrame)) - 1.0;
  float soft = noise(gl_FragCoord.xy * 0.6 + float(uFrame) * 37.0) - 0.5;
  c += (0.012 * grain + 0.012 * soft) * (1.0 - 0.6 * dot(c, vec3(0.3333)));
  outColour = vec4(clamp(c, 0.0, 1.0), 1.0);
}
`;
