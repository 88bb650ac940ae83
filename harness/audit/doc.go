// Package audit reads a user's own HAProxy configuration and finds the traps in
// it that make a tracker of quotas count too much or too little.
//
// It reads as HAProxy does: several files and directories in order, quotes,
// escapes, environment variables, .if and .endif. It keeps the file and line of
// everything, and does not judge what it could not read: an environment variable
// that is not set here, or a condition about a program that is not there, is
// said and not guessed. See docs/decisions/0012-own-reader-for-haproxy-cfg.md.
package audit
