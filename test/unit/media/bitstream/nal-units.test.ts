import { describe, expect, it } from 'vitest';
import {
  annexBUnits,
  avcType,
  joinNalUnits,
  lengthPrefixedUnits,
  withEmulationPrevention,
  withoutEmulationPrevention,
} from '@/lib/media/bitstream/nal-units';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

describe('units', () => {
  const units = [bytesOf('6742'), bytesOf('68ce'), bytesOf('650011')];

  it('come back from Annex B, with start codes of three and four bytes', () => {
    const bytes = [...annexBUnits(joinNalUnits(units, null))];
    expect(bytes).toEqual(units);
    const short = bytesOf('00000167420000016811');
    expect([...annexBUnits(short)].map(avcType)).toEqual([7, 8]);
  });

  it.each([1, 2, 4])('come back from lengths of %i bytes', (lengthBytes) => {
    const packet = joinNalUnits(units, lengthBytes);
    expect(packet.length).toBe(7 + 3 * lengthBytes);
    expect([...lengthPrefixedUnits(packet, lengthBytes)]).toEqual(units);
  });

  it('end where a length is larger than the packet', () => {
    expect([...lengthPrefixedUnits(bytesOf('000000ff65'), 4)]).toEqual([]);
  });

  it.each(['00000001', '0000030000', 'ff000000', '00000002000003'])('keep start codes out of %s', (hex) => {
    const escaped = withEmulationPrevention(bytesOf(hex));
    expect(Buffer.from(escaped).toString('hex')).not.toMatch(/^(?:..)*00000[012]/);
    expect(withoutEmulationPrevention(escaped)).toEqual(bytesOf(hex));
  });
});
