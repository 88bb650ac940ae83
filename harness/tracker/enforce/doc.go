// Package enforce holds customers to their limits while a tracker counts. It watches
// growth before it is committed, puts what crosses a limit into the same batch, and
// teaches HAProxy over the peers sessions that are open anyway whom to deny.
//
// HAProxy keeps what it is taught in a table of its own, whose entries expire: the
// tracker repeats the lesson well before that. When the tracker is gone nobody is
// denied any longer than the table remembers, which is failing open.
package enforce
