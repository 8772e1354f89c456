/**
 * Every bound of the wire and of a batch, in one place. A bound that an operator may change appears in a
 * configuration schema with one of these values as its default. Units are the last word of a name.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/** The longest line that is relayed, in bytes of its source; the rest of a longer one is cut off. */
export const LINE_BYTES_MAX = MIB;

/** Raw bytes of a source that one batch may span, unless a single line is longer. */
export const BATCH_RAW_BYTES_MAX = 256 * KIB;

/**
 * The JSON text of one batch's lines, in bytes: a line of LINE_BYTES_MAX may grow sixfold when every byte
 * of it must be escaped (`\u0001`), and two bytes of brackets and quotes come on top.
 */
export const BATCH_JSON_BYTES_MAX = 6 * LINE_BYTES_MAX + KIB;

/** A message from the hub is a batch and its header: the header holds a path and labels, each bounded. */
export const HUB_MESSAGE_BYTES_MAX = BATCH_JSON_BYTES_MAX + 64 * KIB;

/** A message from a client; the largest is a `subscribe` with `CURSORS_MAX` cursors of channels with long names. */
export const CLIENT_MESSAGE_BYTES_MAX = 576 * KIB;

/** Fragments of one message from a client. */
export const CLIENT_FRAGMENTS_MAX = 64;

/** Channels that one `subscribe` may name cursors for, and so that a connection may read and still resume. */
export const CURSORS_MAX = 2_000;

/** Lines that `{"tail": n}` may ask for. */
export const TAIL_LINES_MAX = 1_000_000;

/** Lines that `window` may allow unacknowledged. */
export const WINDOW_LINES_MAX = 1_000_000;

/** Bytes of a token. HTTP servers refuse larger headers anyway. */
export const TOKEN_BYTES_MAX = 8 * KIB;

/** A WebSocket close reason, in bytes of UTF-8 (RFC 6455, section 5.5: 125 less the code). */
export const CLOSE_REASON_BYTES_MAX = 123;

/** Subscriptions (channels and patterns as asked for) of one connection. */
export const SUBSCRIPTIONS_MAX = 1_000;

/** How long a connection may stay without a token, in milliseconds. */
export const AUTH_TIMEOUT_MS = 5_000;

/** How long before a token expires `auth_expiring` is sent, in milliseconds. */
export const AUTH_EXPIRING_NOTICE_MS = 60_000;
