/// The hot loops over pixels: free of arrays, generics and closures, on raw rows, so that they compile to vector code.
///
/// This folder is compiled twice, for any processor as part of Views and for AVX2 and FMA as KernelsAVX2.
package enum Kernels {}
