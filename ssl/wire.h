#pragma once

#include <cstddef>
#include <string>
#include <string_view>

struct WOLFSSL;

namespace postern::ssl {

// What the library takes for a socket: the input and output of the one call in progress. Between
// calls it knows of no bytes. It also counts records, so that a peer cannot keep us busy with ones
// that carry nothing.
class Wire {
public:
    // Lends the bytes of one call, and takes them back at its end.
    class Call {
    public:
        Call(Wire& wire, std::string_view& input, std::string& output);
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        ~Call();

    private:
        Wire& wire_;
    };

    // So many records may come in a row without progressed() between them.
    explicit Wire(unsigned records_max) : records_max_(records_max) {}

    void progressed() { records_ = 0; }
    void expect_at_most(unsigned records) {
        records_max_ = records;
        records_ = 0;
    }
    [[nodiscard]] bool flooded() const { return records_ > records_max_; }

    // For the library, by way of the functions below.
    [[nodiscard]] std::size_t receive(char* buffer, std::size_t size);
    void send(std::string_view bytes);

private:
    void count_records(std::string_view bytes);

    std::string_view* input_ = nullptr;
    std::string* output_ = nullptr;
    unsigned records_max_;
    unsigned records_ = 0;
    std::size_t header_bytes_ = 0; // of the present record, seen so far
    std::size_t body_left_ = 0;
};

// The library's callbacks; `user` is a Wire.
int receive_from_wire(WOLFSSL* ssl, char* buffer, int size, void* user);
int send_to_wire(WOLFSSL* ssl, char* buffer, int size, void* user);

} // namespace postern::ssl
