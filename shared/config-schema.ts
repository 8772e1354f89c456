/**
 * The schema of a configuration file as JSON Schema: for editors, for the names of the keys that there are, and
 * for the type that a key wants. Pure; zod's schemas are the truth, this is made from them.
 */
import { z } from 'zod';

export type JsonSchema = z.core.JSONSchema.JSONSchema;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** Stands where text of any kind will not do, but a variable will. */
const VARIABLE: JsonSchema = { type: 'string', pattern: '\\$\\{' };

/** What may be written into the file: keys, types and defaults. Rules that JSON Schema cannot say are left out. */
export function inputSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      // zod leaves the default of a value with a unit out, for it is a number of bytes or milliseconds.
      if (def.type === 'default') jsonSchema.default ??= def.defaultValue as JsonSchema['default'];
    },
  });
}

/** The schema of one key, or of the entries of a list; undefined where none is known. */
export function partOf(schema: JsonSchema | undefined, key: string): JsonSchema | undefined {
  const { properties, items, anyOf = [] } = schema ?? {};
  const direct = /^\d+$/.test(key) ? items : properties?.[key];
  if (isSchema(direct)) return direct;
  return anyOf
    .filter(isSchema)
    .map((one) => partOf(one, key))
    .find((part) => part !== undefined);
}

/** The keys that may stand at a place of the file. */
export function keysAt(schema: JsonSchema, path: readonly PropertyKey[]): string[] {
  const place = path.reduce<JsonSchema | undefined>((part, key) => partOf(part, String(key)), schema);
  return [place, ...(place?.anyOf ?? [])].flatMap((part) =>
    isSchema(part) ? Object.keys(part.properties ?? {}) : [],
  );
}

/**
 * The schema for editors. `elsewhere`: keys such as `redis.url` that a flag or a variable may give, so that the
 * file can do without.
 */
export function editorSchema(schema: z.ZodType, title: string, elsewhere: readonly string[]): JsonSchema {
  const { $schema: _draft, ...whole } = withVariables(inputSchema(schema));
  for (const key of elsewhere) forgo(whole, key.split('.'));
  return { $schema: DRAFT, title, ...whole };
}

function withVariables(schema: JsonSchema): JsonSchema {
  const { properties, items } = schema;
  if (isSchema(items)) return { ...schema, items: withVariables(items) };
  if (properties !== undefined) {
    const parts = Object.entries(properties).map(([key, part]) => [key, eachSchema(part)]);
    return { ...schema, properties: Object.fromEntries(parts) as JsonSchema['properties'] & object };
  }
  if (schema.type === 'object' || isAnyText(schema)) return schema;
  const { default: fallback, description, anyOf, ...rules } = schema;
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    anyOf: [...(anyOf?.map(eachSchema) ?? [rules]), VARIABLE],
  };
}

function eachSchema<T>(part: T | JsonSchema): T | JsonSchema {
  return isSchema(part) ? withVariables(part) : part;
}

function isAnyText({ type, pattern, enum: words }: JsonSchema): boolean {
  return [type].flat().includes('string') && pattern === undefined && words === undefined;
}

/** The key need not be in the file. */
function forgo(schema: JsonSchema, [key = '', ...rest]: readonly string[]): void {
  const part = schema.properties?.[key];
  if (rest.length > 0 && isSchema(part)) forgo(part, rest);
  else if (schema.required?.includes(key)) schema.required = schema.required.filter((one) => one !== key);
}

function isSchema(part: unknown): part is JsonSchema {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}
