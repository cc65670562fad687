'use client';

import type { LoadedModel } from '@/lib/ports/encoder';
import { useEffect, useState } from 'react';
import type { Question } from '@/lib/ask/question';
import { adviceOnWords, signsForWords, wordsOf, type Rewrite, type WordAdvice } from '@/lib/query/advice';
import { getFramesift } from './framesift';

/** What would make a question say more to the model. */
export interface QueryAdvice {
  /** Null where the model knows every word, or does not tell which it knows. */
  words: WordAdvice | null;
  /** Null where no word of the question stands for a sign. */
  signs: Rewrite | null;
}

/** Advice on the question that is asked; of its words as soon as the model has been asked about them. */
export function useQueryAdvice(question: Question | null, model: LoadedModel | null): QueryAdvice {
  const [known, setKnown] = useState<{
    text: string;
    modelVersion: string;
    advice: WordAdvice | null;
  } | null>(null);
  const text = question?.text ?? '';
  const numbers = question?.images.map(({ number }) => number) ?? [];
  const numberList = numbers.join();
  const modelVersion = model?.modelVersion ?? null;

  useEffect(() => {
    if (modelVersion === null || text === '') return;
    const words = wordsOf(text, numberList === '' ? [] : numberList.split(',').map(Number));
    if (words.length === 0) return;
    let isCurrent = true;
    getFramesift()
      .services.encoder.lookUpWords(words.map(({ word }) => word))
      .then(
        (facts) => {
          const advice = facts && adviceOnWords(text, words, facts);
          if (isCurrent) setKnown({ text, modelVersion, advice });
        },
        // Advice that cannot be had is no reason to trouble anybody: the question is answered without it.
        () => undefined,
      );
    return () => {
      isCurrent = false;
    };
  }, [text, numberList, modelVersion]);

  return {
    words: known?.text === text && known.modelVersion === modelVersion ? known.advice : null,
    signs: text === '' ? null : signsForWords(text, numbers),
  };
}
