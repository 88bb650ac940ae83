package peers

import "errors"

// Kind says which field of a Message is filled.
type Kind uint8

// The kinds of message.
const (
	KindSkipped Kind = iota // to be ignored
	KindControl
	KindFault
	KindDefinition
	KindSwitch
	KindUpdate
	KindAck
)

// Message is one message from a peer. Update, Skipped and their buffers are reused:
// they are valid until the next call of Decoder.Next, except Update.Key, which is
// part of the input and lives as long as that. Definitions stay as they are, and a
// table that is defined again in the same words keeps its Definition.
type Message struct {
	Kind       Kind
	Control    Control
	Fault      Fault
	Definition *Definition // also set for KindSwitch
	Update     *Update
	Ack        Ack
	Skipped    *Skipped
}

// Skipped is a message that means nothing to us. HAProxy skips it too.
type Skipped struct {
	Class, Type byte
	Size        int // of the payload, in bytes
	Why         error
}

var (
	errUnknownMessage = errors.New("unknown type of message")
	errNoTable        = errors.New("table was not defined, or cannot be read")
)
