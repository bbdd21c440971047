/** `starting`: opening files or fetching a snapshot; `failed`: stopped by a fault, see the error. */
export type Role = 'starting' | 'follower' | 'candidate' | 'leader' | 'failed' | 'closed';
