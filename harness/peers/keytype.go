package peers

import (
	"errors"
	"fmt"
)

// KeyType says what the keys of a table are.
type KeyType uint8

// The key types on the wire (PEER_KT_*, src/peers.c), fixed whatever HAProxy's
// version. 0 is any, 1 and 3 are not used: a stick table cannot have them, and
// HAProxy takes no updates of a table that is defined so.
const (
	KeyInteger KeyType = 2
	KeyIPv4    KeyType = 4
	KeyIPv6    KeyType = 5
	KeyString  KeyType = 6
	KeyBinary  KeyType = 7
)

// keyNames are the types as a configuration of HAProxy writes them.
var keyNames = map[KeyType]string{
	KeyInteger: "integer", KeyIPv4: "ip", KeyIPv6: "ipv6", KeyString: "string", KeyBinary: "binary",
}

// String is the type as a configuration of HAProxy writes it.
func (t KeyType) String() string {
	if name, ok := keyNames[t]; ok {
		return name
	}
	return fmt.Sprintf("key type %d", uint8(t))
}

// check refuses a key type that has no known encoding, and a length that the
// type cannot have.
func (t KeyType) check(length uint64) error {
	want := uint64(0)
	switch t {
	case KeyInteger, KeyIPv4:
		want = 4
	case KeyIPv6:
		want = 16
	case KeyString, KeyBinary:
		if length == 0 {
			return fmt.Errorf("%v keys of length 0", t)
		}
		if length > maxKey {
			return fmt.Errorf("%v keys of %d bytes, limit %d", t, length, maxKey)
		}
		return nil
	default:
		return errors.New(t.String())
	}
	if length != want {
		return fmt.Errorf("%v keys of %d bytes, want %d", t, length, want)
	}
	return nil
}
