package containers

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

// buildWithin bounds the build of one image.
const buildWithin = 10 * time.Minute

// ImageOptions say how images are built. The zero value is silent.
type ImageOptions struct {
	// Progress takes one line at a time, from one goroutine at a time.
	Progress func(string)
	// WorkDir is that of Options: where locks are kept.
	WorkDir string
}

// EnsureImages builds those of the named images that are missing, or that an
// older recipe made, several at once. Processes that call it at once build each image
// once. It returns an *EnvironmentError where the machine lacks what that needs.
func EnsureImages(ctx context.Context, names []string, opts ImageOptions) error {
	wanted, err := recipesFor(names)
	if err != nil {
		return err
	}
	docker, err := connectDocker(ctx)
	if err != nil {
		return err
	}
	b := &builder{docker: docker, say: oneAtATime(opts.Progress), dir: Options{WorkDir: opts.WorkDir}.workDir()}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.NumCPU()/2)) // unpacking packages keeps about one core busy
	for _, r := range wanted {
		group.Go(func() error { return b.provide(ctx, r) })
	}
	return group.Wait()
}

// recipesFor looks names up, each image once.
func recipesFor(names []string) ([]recipe, error) {
	var wanted []recipe
	seen := map[string]bool{}
	for _, name := range names {
		r, err := recipeFor(name)
		if err != nil {
			return nil, err
		}
		if !seen[r.name] {
			wanted = append(wanted, r)
		}
		seen[r.name] = true
	}
	return wanted, nil
}

// builder builds images in one of two ways.
type builder struct {
	docker *docker
	say    func(string)
	dir    string // of locks

	registry registry
}

// provide builds an image unless it is there, with the image locked.
func (b *builder) provide(ctx context.Context, r recipe) error {
	ctx, cancel := context.WithTimeoutCause(ctx, buildWithin, fmt.Errorf("not built within %v", buildWithin))
	defer cancel()
	unlock, err := lockImage(ctx, b.dir, r.name, b.say)
	if err != nil {
		return err
	}
	defer unlock()
	if ok, err := b.docker.current(ctx, r.name); ok || err != nil {
		return err
	}
	began := time.Now()
	if err := b.build(ctx, r); err != nil {
		return fmt.Errorf("build image %s: %w", r.name, err)
	}
	b.say(fmt.Sprintf("%s: built in %.1f s", r.name, time.Since(began).Seconds()))
	return b.forget(ctx)
}

func (b *builder) build(ctx context.Context, r recipe) error {
	if b.registry.gives(ctx, b.docker, r.base()) {
		b.say(fmt.Sprintf("%s: building from %s", r.name, r.base()))
		return b.fromBase(ctx, r)
	}
	b.say(fmt.Sprintf("%s: building from packages of Debian %s, no registry answers", r.name, r.suite))
	return b.fromPackages(ctx, r)
}

// forget removes what newer images of the same name replaced. Images that
// containers still use stay.
func (b *builder) forget(ctx context.Context) error {
	filters := client.Filters{}.Add("label", imageLabel+"="+imageValue).Add("dangling", "true")
	if _, err := b.docker.api.ImagePrune(ctx, client.ImagePruneOptions{Filters: filters}); err != nil {
		return fmt.Errorf("remove replaced images: %w", err)
	}
	return nil
}
