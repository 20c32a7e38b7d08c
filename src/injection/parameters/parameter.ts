/** What a parameter of a profile may be declared as. */
export type ParameterDeclaration = (
  | { readonly type: 'string'; readonly pattern?: string | undefined; readonly maxLength: number }
  | { readonly type: 'name'; readonly label: boolean }
  | { readonly type: 'path' }
  | { readonly type: 'url'; readonly schemes: readonly string[]; readonly scp: boolean }
  | { readonly type: 'duration'; readonly min: string; readonly max: string }
  | { readonly type: 'quantity'; readonly min: string; readonly max: string }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
  | { readonly type: 'port' }
  | { readonly type: 'boolean' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
) & {
  readonly description: string;
  readonly required: boolean;
  /** As it would be written in an annotation. A port's default is that of the first instance; each further one adds 1. */
  readonly default?: string | undefined;
};

export interface Parameter {
  readonly name: string;
  readonly declaration: ParameterDeclaration;
}
