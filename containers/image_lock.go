package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lockImage takes the lock of one image among all processes of this user. The
// kernel gives it back when its holder ends, however that happens.
func lockImage(ctx context.Context, dir, name string, say func(string)) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock image: %w", err)
	}
	path := filepath.Join(dir, strings.NewReplacer("/", "-", ":", "-").Replace(name)+".lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock image: %w", err)
	}
	waiting := false
	err = await(ctx, "lock image "+name, func(context.Context) error {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) && !waiting {
			waiting = true
			say(name + ": another process builds it, waiting")
		}
		return err
	})
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}
