/** What `sslmode` in OPTIONS may be. Source: PostgreSQL manual, "SSL Support". */
export const postgresqlModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/** What `ssl_mode` in OPTIONS may be, from the weakest on. Source: MySQL manual, "Command Options for Encrypted Connections". */
export const mysqlModes = ['DISABLED', 'PREFERRED', 'REQUIRED', 'VERIFY_CA', 'VERIFY_IDENTITY'] as const;
