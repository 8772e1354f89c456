/**
 * Prints the messages of the wire as JSON Schema (draft 2020-12), made from the zod schemas that hub and client
 * check with. Rules that JSON Schema cannot say, such as the grammar of channels, are left to PROTOCOL.md.
 */
import { stdout } from 'node:process';
import { z } from 'zod';
import { clientMessage, hubMessage, SUBPROTOCOL } from '../shared/protocol/index.js';

const schema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: `urn:tailrace:${SUBPROTOCOL}`,
  title: `The messages of the subprotocol ${SUBPROTOCOL}`,
  $defs: { clientMessage: definition(clientMessage), hubMessage: definition(hubMessage) },
  anyOf: [{ $ref: '#/$defs/clientMessage' }, { $ref: '#/$defs/hubMessage' }],
};

stdout.write(`${JSON.stringify(schema, null, 2)}\n`);

/** `input`: what the hub sends is open, so unknown keys are not forbidden there. */
function definition(message: z.ZodType): object {
  const { $schema: _draft, ...rest } = z.toJSONSchema(message, { io: 'input' });
  return rest;
}
