/** The types of `programs.mjs`, of which the tests need these. */
export declare const PACKAGES: Readonly<Record<string, string>>;
export declare function find(program: string): string | undefined;
