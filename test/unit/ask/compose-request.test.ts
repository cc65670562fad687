import { describe, expect, it } from 'vitest';
import { composeRequest } from '@/lib/ask/compose-request';
import { STRATEGIES } from '@/lib/select/strategies';

describe('composeRequest', () => {
  it('takes the first strategy of the page’s list unless told otherwise', () => {
    expect(composeRequest([], {}).strategy).toBe(STRATEGIES[0]!.id);
    expect(composeRequest([], { strategy: 'uniform' }).strategy).toBe('uniform');
  });
});
