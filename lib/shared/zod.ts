import { z } from 'zod';

/*
 * zod as this project uses it, to be imported from here alone. It would compile its checks with `new Function`,
 * and finds out whether it may by trying, which the site's Content-Security-Policy reports as a violation.
 */
z.config({ jitless: true });

export { z };

/** A check that failed, as zod tells it. */
type Issue = z.core.$ZodIssue;

const NAMES_OF_TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/** Most of the values that a place may have which are named. */
const MAX_NAMED_VALUES = 5;

/**
 * What is wrong with a value that a schema refused, as the end of a sentence without its full stop: the place and what
 * must stand there. zod's own words are a programmer's.
 */
export function describeMisfit({ issues }: z.core.$ZodError): string {
  const [issue] = issues;
  if (!issue) return 'it is not what it has to be';
  const place = issue.path.length === 0 ? 'the whole of it' : `“${issue.path.map(String).join('.')}”`;
  return `${place} ${describeIssue(issue)}`;
}

function describeIssue(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith(' received undefined')
        ? 'is missing'
        : `must be ${NAMES_OF_TYPES[issue.expected] ?? issue.expected}`;
    case 'invalid_value': {
      const named = issue.values.slice(0, MAX_NAMED_VALUES).map((value) => String(value));
      return `must be ${named.join(' or ')}${issue.values.length > MAX_NAMED_VALUES ? ' or another that is known' : ''}`;
    }
    case 'too_small':
      if (issue.origin !== 'number' && issue.origin !== 'int') return 'is too short';
      return `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      if (issue.origin !== 'number' && issue.origin !== 'int') return 'is too long';
      return `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'custom':
      return issue.message;
    case 'unrecognized_keys':
      return `must not have “${issue.keys[0] ?? ''}”`;
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_union':
    case 'invalid_key':
    case 'invalid_element':
      return 'is not what may stand there';
  }
}
