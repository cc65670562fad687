import { createElement, type ComponentProps } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it, vi } from 'vitest';
import { Header } from '@/app/_components/header';

vi.mock('@/app/_hooks/use-speeds', () => ({ useSpeeds: () => ({ reports: new Map(), isMeasuring: false }) }));

const providerButton = (model: ComponentProps<typeof Header>['model']) => {
  const html = renderToStaticMarkup(
    createElement(Header, {
      model,
      onRetryModel: () => undefined,
      provider: { preference: 'auto', isReading: false, onChoose: () => undefined },
      library: { state: 'opening' },
      offline: { stage: 'preparing', newVersion: null, otherTabs: 0 },
      models: null,
      libraries: null,
    }),
  );
  return /<button[^>]*data-testid="provider-button".*?<\/button>/s.exec(html)![0];
};

describe('the header', () => {
  it('shows that the page is ready, and names what it runs on for those who read it', () => {
    const loaded = { providerLabel: 'WASM, 2 threads', modelVersion: 'v' };
    const button = providerButton({ state: 'ready', model: loaded } as ComponentProps<
      typeof Header
    >['model']);
    expect(button).toContain('data-label="Ready"');
    expect(button.replace(/<[^>]*>/g, '')).toBe('WASM, 2 threads');
  });

  it('shows how much of the model has come', () => {
    const progress = { stage: 'download', loadedBytes: 3, totalBytes: 4 } as const;
    const button = providerButton({ state: 'loading', progress, previous: null });
    expect(button).toContain('data-label="Getting ready, 75 %"');
  });
});
