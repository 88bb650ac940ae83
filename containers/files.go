package containers

import (
	"fmt"
	"os"
	"path/filepath"
)

// writeFiles writes a node's files into its directory.
func writeFiles(dir string, files map[string]file) error {
	for path, f := range files {
		if !filepath.IsLocal(path) {
			return fmt.Errorf("file %q leaves directory %s", path, dir)
		}
		full := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			return err
		}
		mode := os.FileMode(f.Mode)
		if mode == 0 {
			mode = 0o644
		}
		if err := os.WriteFile(full, f.Content, mode); err != nil {
			return err
		}
	}
	return nil
}
