# mail.rb - what Ruby's mail gets out of mail; see readers.py.
require 'mail'
require 'timeout'

def leaves(path, part)
  return part.parts.each { |inner| leaves(path, inner) } if part.multipart?
  leaves(path, Mail.new(part.body.decoded)) if part.mime_type == 'message/rfc822'
  puts "#{path}\t#{[part.body.decoded].pack('m0')}"
rescue StandardError
  nil
end

STDIN.each_line do |line|
  path = line.chomp
  begin
    Timeout.timeout(20) { leaves(path, Mail.new(File.binread(path))) }
  rescue StandardError
    next
  end
end
