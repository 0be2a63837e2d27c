# Mail. Plain text.

notice-set-grew-subject = { $client } can do more in your account
# $added is a list of sentences such as “Create com.example.note records”, each on a line of its own. $page is an address.
notice-set-grew-text =
    The permissions of the application { $client }, which may act for your account { $account }, were extended by their publisher. From now on it can also:
    
    { $added }
    
    You need not do anything if that is what you want. To see all it can do, or to end its access:
    
    { $page }
