/** The hub as the command line and tests use it. */
export { defaultHubSettings, type HubConfig, type HubSettings, hubConfig, hubSettings } from './config.js';
export { createHub, type Hub, type HubDependencies } from './hub.js';
export { createToken, decodeToken, type Grant, type NewToken, TokenError, verifyToken } from './token.js';
export { loadTokenKey, SECRET_BYTES_MIN, secretKey, type TokenKey } from './token-key.js';
