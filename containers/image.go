package containers

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/image"
	"github.com/moby/moby/client"
)

// imageLabel marks what haproof built; schemaLabel tells the recipe it was
// built by.
const (
	imageLabel  = "haproof"
	imageValue  = "image"
	schemaLabel = "haproof.schema"
)

// Image is one image that the docker engine runs nodes from, built or not.
type Image struct {
	Name    string    `json:"name"`    // such as haproof/haproxy:3.0
	Suite   string    `json:"suite"`   // of Debian, where its packages come from
	Present bool      `json:"present"` // the daemon has it
	Stale   bool      `json:"stale"`   // present, but built by another recipe
	ID      string    `json:"id,omitempty"`
	Bytes   int64     `json:"bytes,omitempty"` // unpacked size
	Created time.Time `json:"created,omitzero"`
}

// State says in one word or three what is known of the image: its size in MB,
// "stale" or "missing".
func (i Image) State() string {
	switch {
	case !i.Present:
		return "missing"
	case i.Stale:
		return "stale"
	default:
		return strconv.FormatInt(i.Bytes/1e6, 10) + " MB"
	}
}

// ImageNames returns the names of all images, HAProxy's oldest first.
func ImageNames() []string {
	names := make([]string, len(recipes))
	for i, r := range recipes {
		names[i] = r.name
	}
	return names
}

// ListImages says of every image whether the daemon has it. It returns an
// *EnvironmentError where no daemon answers.
func ListImages(ctx context.Context) ([]Image, error) {
	docker, err := connectDocker(ctx)
	if err != nil {
		return nil, err
	}
	return docker.images(ctx)
}

func (d *docker) images(ctx context.Context) ([]Image, error) {
	found, err := d.api.ImageList(ctx, client.ImageListOptions{
		Filters: client.Filters{}.Add("label", imageLabel+"="+imageValue),
	})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return judgeImages(found.Items), nil
}

// judgeImages compares what the daemon has with the recipes.
func judgeImages(found []image.Summary) []Image {
	images := make([]Image, len(recipes))
	for i, r := range recipes {
		images[i] = Image{Name: r.name, Suite: r.suite}
		for _, have := range found {
			if !slices.Contains(have.RepoTags, r.name) {
				continue
			}
			images[i] = Image{
				Name: r.name, Suite: r.suite, Present: true, Stale: have.Labels[schemaLabel] != r.schema(),
				ID: have.ID, Bytes: have.Size, Created: time.Unix(have.Created, 0).UTC(),
			}
		}
	}
	return images
}

// current says whether the daemon has the image as its recipe makes it now.
func (d *docker) current(ctx context.Context, name string) (bool, error) {
	images, err := d.images(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(images, func(i Image) bool { return i.Name == name && i.Present && !i.Stale }), nil
}
