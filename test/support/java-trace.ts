/** A short stack trace: one event of five lines by the rules for Java. */
export const TRACE: readonly string[] = [
  'java.lang.Error: a',
  '\tat A.b(A.java:1)',
  '\tat A.c(A.java:2)',
  'Caused by: B: c',
  '\t... 1 more',
];

export const WHOLE = TRACE.join('\n');
