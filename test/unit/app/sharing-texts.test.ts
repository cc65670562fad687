import { describe, expect, it } from 'vitest';
import { deviceName } from '@/app/_hooks/device-name';
import { invitationIn } from '@/app/_hooks/invitation';
import { clipName } from '@/lib/shared/clip-name';

const CODE = `fsi_${'a'.repeat(43)}@https://library.example`;

describe('an invitation', () => {
  it.each([
    ['a link', `https://clips.example/#join=${CODE}`, CODE],
    ['a link with spaces around it', `  https://clips.example/#join=${CODE}\n`, CODE],
    ['a link that a program has encoded', `https://clips.example/#join=${encodeURIComponent(CODE)}`, CODE],
    ['what stands behind the #join=', CODE, CODE],
    ['an address', 'https://library.example', null],
    ['a link to a clip', 'https://clips.example/#clip=a', null],
    ['a broken encoding, as it is', `#join=${CODE}%`, `${CODE}%`],
    ['nothing', '', null],
  ])('is found in %s', (_, text, expected) => {
    expect(invitationIn(text)).toBe(expected);
  });
});

describe('a device', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36', 'Chrome on Linux'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/156.0 Safari/537.36 Edg/156.0', 'Edge on Windows'],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/18 Safari/605.1', 'Safari on Mac'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1', 'Safari on iPhone'],
    ['Mozilla/5.0 (Android 15; Mobile; rv:140.0) Firefox/140.0', 'Firefox on Android'],
    ['something else', 'A browser on a computer'],
  ])('with %s is called %s', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
});

describe('a clip', () => {
  it.each([
    ['what people say', 'Back gate', 'gate.mp4', 'Back gate'],
    ['its file, where nobody says anything', ' ', 'gate.mp4', 'gate.mp4'],
    ['a clip, where there is neither', '', null, 'A clip'],
  ])('is called %s', (_, description, fileName, name) => {
    expect(clipName({ description, fileName })).toBe(name);
  });
});
