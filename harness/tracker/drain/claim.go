package drain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// socketMode lets the owner and the group of a socket write to it.
const socketMode = 0o660

// claim is a path at which we listen.
type claim struct {
	path string
	file os.FileInfo // once it is ours
}

// claimPath removes a socket that nobody listens on any more. Another kind of file,
// and a socket in use, is an error.
func claimPath(ctx context.Context, a address) (*claim, error) {
	c := &claim{path: a.path}
	info, err := os.Lstat(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return nil, fmt.Errorf("%s is there and is no socket", a.path)
	}
	conn, err := new(net.Dialer).DialContext(ctx, a.network, a.path)
	if err == nil {
		return nil, errors.Join(fmt.Errorf("somebody listens on %s", a.path), conn.Close())
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return nil, err
	}
	return c, os.Remove(a.path)
}

// own notes the file that listening has made, and opens it to the group.
func (c *claim) own() error {
	if err := os.Chmod(c.path, socketMode); err != nil {
		return err
	}
	info, err := os.Lstat(c.path)
	c.file = info
	return err
}

// release removes the file if it is still the one that we made. A nil claim has none.
func (c *claim) release() error {
	if c == nil || c.file == nil {
		return nil
	}
	info, err := os.Lstat(c.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, c.file) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(c.path)
}
