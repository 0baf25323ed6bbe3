/*

You need CGO_ENABLED=1 to build this package

*/
