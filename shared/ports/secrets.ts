/** Texts that stand in no configuration, such as API keys. */
export type Secrets = {
  /** The text of a secret by its name or ARN. Throws ConfigError where it is not there, or may not be read. */
  readSecret(name: string): Promise<string>
}
