// Package bridge is the control plane: everything that Lua can name.
//
// One file per Lua module, of the same name, which ends with its table of functions and
// an init that registers it: there is no central list. A function is a Go function, or a
// face of the data plane (csrc/faces.h) by name. docs/devnotes.md shows how to add a
// module. This package never imports "C".
package bridge
