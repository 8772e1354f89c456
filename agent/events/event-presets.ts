/**
 * Grammars for the stack traces of Java, Python, Go and Node, by the formats that their runtimes print. Each
 * table reads: in this state, a line like that leads to that state; no match, and the line is not of the event.
 * The line that an application logged before a trace is an event of its own.
 */
import { Pattern } from '../../shared/pattern.js';
import { type EventGrammar, type GrammarRule, type GrammarTable, TableGrammar } from './event-grammar.js';

export const EVENT_PRESETS = ['java', 'python', 'go', 'node'] as const;

export type EventPreset = (typeof EVENT_PRESETS)[number];

export function presetGrammar(preset: EventPreset): EventGrammar {
  return new TableGrammar(TABLES[preset]());
}

function on(source: string, to: string): GrammarRule {
  return { pattern: Pattern.compile(source), to };
}

function not(source: string): GrammarRule {
  return { pattern: Pattern.compile(source) };
}

function otherwise(to: string): GrammarRule {
  return { to };
}

/** A line like these is not the second line of an exception's message, but a log line of its own. */
const OWN_LINE = String.raw`^(?:\[?\d{2,4}[-/.:]\d\d[-/.:]|\[?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|SEVERE)\b|\{")`;

/** An exception begins here, perhaps behind other text: its message may have more lines. */
const JAVA_EXCEPTION = '(?:Exception|Error|Throwable|Fault|Failure)(?:: |:?$)';

/** Any line may be followed by frames: no name tells a class that extends `Throwable`. */
const java = (): GrammarTable => {
  const trace: readonly GrammarRule[] = [
    on(String.raw`^\s+(?:at |- (?:locked|waiting|parking|eliminated)\b|\(Coroutine boundary\))`, 'trace'),
    on(String.raw`^\s*\.\.\. \d+ (?:more|common frames omitted)`, 'trace'),
    on(String.raw`^\s*(?:Caused by|Wrapped by|Suppressed): `, 'exception'),
    on(String.raw`^\s*(?:; )?nested exception is: ?`, 'exception'),
    on(String.raw`^\s+java\.lang\.Thread\.State: `, 'trace'),
  ];
  const message: readonly GrammarRule[] = [
    ...trace,
    not(`${OWN_LINE}|${JAVA_EXCEPTION}`),
    otherwise('message?'),
  ];
  return {
    begin: [on(JAVA_EXCEPTION, 'exception'), otherwise('trace')],
    trace,
    exception: message,
    'message?': message,
  };
};

const PYTHON_TRACEBACK = String.raw`^Traceback \(most recent call last\):$`;
const PYTHON_GROUP = String.raw`^\s*\+ Exception Group Traceback \(most recent call last\):$`;
const PYTHON_ANNOUNCED = '^Exception (?:in thread |ignored in: )';

const python = (): GrammarTable => {
  const traceback: readonly GrammarRule[] = [on(PYTHON_TRACEBACK, 'frames'), on(PYTHON_GROUP, 'group')];
  const chain: readonly GrammarRule[] = [
    on(
      '^(?:During handling of the above exception, another exception occurred|The above exception was the direct cause of the following exception):$',
      'chained',
    ),
  ];
  const message: readonly GrammarRule[] = [
    not(`${OWN_LINE}|${PYTHON_TRACEBACK}|${PYTHON_GROUP}|${PYTHON_ANNOUNCED}|^  File "`),
    otherwise('message?'),
  ];
  return {
    begin: [
      ...traceback,
      on(PYTHON_ANNOUNCED, 'announced'),
      on(String.raw`^  File ".*", line \d+$`, 'frames'),
      otherwise('line'),
    ],
    announced: traceback,
    frames: [on(String.raw`^\s+\S`, 'frames'), on(String.raw`^[\w.<>]+(?::|$)`, 'exception')],
    exception: [
      ...[not(`^  File "|${PYTHON_GROUP}`), on(String.raw`^\s+\S`, 'exception'), on('^$', 'gap?')],
      ...message,
    ],
    /** Nothing tells a message's second line from one of somebody else, but what may follow it. */
    'message?': [on('^$', 'gap?'), ...message],
    group: [on(String.raw`^\s+[|+]`, 'group'), on('^$', 'gap?')],
    'gap?': chain,
    chained: [on('^$', 'before traceback?')],
    'before traceback?': traceback,
  };
};

const go = (): GrammarTable => {
  const goroutine = on(String.raw`^(?:goroutine \d+.* \[[^\]]+\]|runtime stack):$`, 'frames');
  const registers = on(String.raw`^[a-z]{1,6}[0-9]{0,2}\s+0x[0-9a-f]+$`, 'registers');
  const exit = on(String.raw`^exit status \d+$`, 'over');
  const reason: readonly GrammarRule[] = [
    goroutine,
    on(String.raw`^\s+\S|^(?:panic: |fatal error: |\[signal |PC=0x|\[originating from |runtime: )`, 'reason'),
    on('^$', 'gap?'),
  ];
  return {
    begin: [
      goroutine,
      on(String.raw`(?:^|\s)panic: |http: panic serving |^fatal error: |^runtime: |^SIG[A-Z]+: `, 'reason'),
      on('^unexpected fault address ', 'reason'),
      otherwise('line'),
    ],
    reason,
    frames: [
      on(String.raw`^\S+\(.*\)$|^created by |^\s+\S+:\d+|^\.\.\..*elided`, 'frames'),
      on(String.raw`^\s*goroutine running on other thread`, 'frames'),
      exit,
      on('^$', 'gap?'),
    ],
    'gap?': [goroutine, registers, on('^(?:fatal error|panic): ', 'reason')],
    registers: [registers, exit],
  };
};

const NODE_ERROR = String.raw`(?:Error|Exception|Warning|Rejection)\b`;

/** Any line may be followed by frames: an error may have any name. */
const node = (): GrammarTable => {
  const hint = on(String.raw`^\(Use .node --trace-`, 'trace');
  const frames: readonly GrammarRule[] = [
    on(String.raw`^\s+(?:at .*|\[cause\]: .*|\.\.\. \d+ lines matching .*) [{\[]$`, 'properties'),
    on(String.raw`^\s+(?:at |\.\.\. \d+ lines matching )`, 'trace'),
  ];
  const message: readonly GrammarRule[] = [
    ...frames,
    hint,
    not(`${OWN_LINE}|${NODE_ERROR}`),
    otherwise('message?'),
  ];
  const version: readonly GrammarRule[] = [on(String.raw`^Node\.js v\d`, 'over')];
  return {
    begin: [
      on(String.raw`^(?:/|file://|node:|[A-Za-z]:\\).*:\d+$`, 'place'),
      on(`${NODE_ERROR}.* \\{$`, 'properties'),
      on(NODE_ERROR, 'error'),
      otherwise('trace'),
    ],
    /** An uncaught error: where it was thrown, the line of code and a caret. */
    place: [...frames, otherwise('code?')],
    'code?': [on(String.raw`^\s*\^+\s*$`, 'caret')],
    caret: [on('^$', 'thrown'), on(NODE_ERROR, 'error'), otherwise('trace')],
    thrown: [on(`^\\[?.*${NODE_ERROR}.* \\{$`, 'properties'), on(NODE_ERROR, 'error'), otherwise('trace')],
    error: message,
    'message?': message,
    trace: [...frames, hint, on('^$', 'last?')],
    properties: [on(String.raw`^\}`, 'trace'), on(String.raw`^\s|^$`, 'properties')],
    'last?': version,
  };
};

const TABLES: Readonly<Record<EventPreset, () => GrammarTable>> = { java, python, go, node };
