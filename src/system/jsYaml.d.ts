/** js-yaml brings no types of its own. */
declare module 'js-yaml' {
  /** Errors: YAMLException for what is not YAML. */
  export function load(text: string): unknown;
}
