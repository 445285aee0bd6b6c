@main
struct GIF2Video {
    static func main() {}
}
