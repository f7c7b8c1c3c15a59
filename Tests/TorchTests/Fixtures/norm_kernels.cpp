// Runs the kernels of batch norm (norm_kernels.h) on processors, a thread for each of a GPU's, one block after another,
// beside the same in float64; ends with 1 where they are apart. For NormKernelsTests, which gives the kernels as
// kernels.cu.
#include <barrier>
#include <thread>
#include <vector>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <cstdlib>
#include <functional>

// What CUDA has and C++ has not.
#define __device__
#define __global__
#define __shared__ static
struct dim { int x, y; };
thread_local dim threadIdx; thread_local dim blockIdx; dim blockDim, gridDim;
std::barrier<> *meeting;
void __syncthreads() { meeting->arrive_and_wait(); }
struct uint4 { unsigned x, y, z, w; }; struct float4 { float x, y, z, w; };
uint4 make_uint4(unsigned a, unsigned b, unsigned c, unsigned d) { return {a, b, c, d}; }
float4 make_float4(float a, float b, float c, float d) { return {a, b, c, d}; }
float __uint_as_float(unsigned u) { float f; memcpy(&f, &u, 4); return f; }
unsigned __float_as_uint(float f) { unsigned u; memcpy(&u, &f, 4); return u; }
#include "kernels.cu"
void launch(int grid, int bx, int by, std::function<void()> f) {
    gridDim = {grid, 1}; blockDim = {bx, by};
    for (int b = 0; b < grid; b++) {
        std::barrier<> barrier(bx * by);
        meeting = &barrier;
        std::vector<std::thread> threads;
        for (int t = 0; t < bx * by; t++)
            threads.emplace_back([=] {
                threadIdx = {t % bx, t / bx};
                blockIdx = {b, 0};
                f();
            });
        for (auto &thread : threads) thread.join();
    }
}
number encoded(float f) {
#if BF16
    return rounded(f);
#else
    return f;
#endif
}
float decoded(number n) {
#if BF16
    return __uint_as_float((unsigned)n << 16);
#else
    return n;
#endif
}
int main() {
    const int threads = 64, blocks = 3;
    const long long M = 333;
    // A rounding to bfloat16 is half a step of 2^-8 of numbers below 8 (y) or 2 (dx).
    const double ofY = BF16 ? 0.02 : 1e-5, ofGradient = BF16 ? 0.01 : 1e-5, ofSums = 1e-4;
    bool right = true;
    const auto random = [] { return float(rand()) / RAND_MAX * 2 - 1; };
    for (int C : {16, 64})
        for (int relu : {0, 1})
            for (bool adds : {false, true}) {
                std::vector<number> x(M * C), shortcut(M * C), dy(M * C), y(M * C), through(M * C), dx(M * C);
                for (auto &v : x) v = encoded(random() * 2 + 5);
                for (auto &v : shortcut) v = encoded(random());
                for (auto &v : dy) v = encoded(random());
                std::vector<float> w(C), b(C), mean(C, 0), variance(C, 1), found(4 * C), partial(blocks * 2 * C), dw(C), db(C),
                    factors(2 * C);
                for (auto &v : w) v = random() + 1;
                for (auto &v : b) v = random();
                launch(blocks, threads, 1, [&] { moments(x.data(), M, C, partial.data()); });
                launch((C + 31) / 32, 32, 8, [&] {
                    finish_moments(partial.data(), blocks, x.data(), M, C, w.data(), b.data(), mean.data(), variance.data(), 0.1f, 1e-5f,
                           found.data());
                });
                launch(blocks, threads, 1,
                       [&] { apply(x.data(), adds ? shortcut.data() : nullptr, M, C, found.data(), relu, y.data()); });
                const bool masks = relu && adds;
                launch(blocks, threads, 1, [&] {
                    gradient_sums(x.data(), dy.data(), masks ? y.data() : nullptr, M, C, found.data(), relu,
                           masks ? through.data() : nullptr, partial.data());
                });
                launch((C + 31) / 32, 32, 8, [&] {
                    finish_gradients(partial.data(), blocks, M, C, found.data(), dw.data(), db.data(), factors.data());
                });
                launch(blocks, threads, 1, [&] {
                    input_gradient(x.data(), masks ? through.data() : dy.data(), M, C, found.data(), factors.data(), relu && !adds,
                            dx.data());
                });
                double apart[6] = {};
                const auto compare = [&](int what, double a, double b) { apart[what] = fmax(apart[what], fabs(a - b)); };
                for (int c = 0; c < C; c++) {
                    double m = 0, v = 0;
                    for (int i = 0; i < M; i++) m += decoded(x[i * C + c]) / M;
                    for (int i = 0; i < M; i++) v += pow(decoded(x[i * C + c]) - m, 2);
                    const double inverse = 1 / sqrt(v / M + 1e-5);
                    compare(4, mean[c], m * 0.1);
                    compare(4, variance[c], 0.9 + 0.1 * v / (M - 1));
                    std::vector<double> g(M), normal(M);
                    double sum = 0, product = 0;
                    for (int i = 0; i < M; i++) {
                        normal[i] = (decoded(x[i * C + c]) - m) * inverse;
                        double wanted = normal[i] * w[c] + b[c] + (adds ? decoded(shortcut[i * C + c]) : 0);
                        if (relu && wanted < 0) wanted = 0;
                        compare(0, decoded(y[i * C + c]), wanted);
                        g[i] = relu && !(decoded(y[i * C + c]) > 0) ? 0 : decoded(dy[i * C + c]);
                        if (masks) compare(5, decoded(through[i * C + c]), g[i]);
                        sum += g[i];
                        product += g[i] * normal[i];
                    }
                    compare(2, dw[c], product);
                    compare(3, db[c], sum);
                    for (int i = 0; i < M; i++)
                        compare(1, decoded(dx[i * C + c]), w[c] * inverse * (g[i] - sum / M - normal[i] * product / M));
                }
                printf("C %d relu %d shortcut %d: y %.2g dx %.2g dw %.2g db %.2g running %.2g through %.2g\n", C, relu, adds,
                       apart[0], apart[1], apart[2], apart[3], apart[4], apart[5]);
                right = right && apart[0] < ofY && apart[1] < ofGradient && apart[2] < ofSums && apart[3] < ofSums
                        && apart[4] < 1e-5 && apart[5] == 0;
            }
    return right ? 0 : 1;
}
